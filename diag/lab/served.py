"""A lab that runs in another process: the file in which it says how to reach it, and what stands in for it here.

The file holds the secrets of the simulated tenant, and is for its owner alone; it names no real one.
"""

import functools
import hashlib
import json
import secrets
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from diag.evidence import Auth
from diag.files import why, write
from diag.lab.loader import ScenarioError
from diag.lab.scenario import Scenario
from diag.lab.ways import Ways
from diag.sentence import say
from diag.subject import printable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from diag.lab.lab import Lab

_FORM = "diag.lab/1"
_LIFE_S = 400 * 24 * 3600  # of the tokens in the file: longer than any lab runs
_PATIENCE_S = 5.0
_PATH = 400  # characters of a path that are shown


@dataclass(frozen=True, kw_only=True)
class ServedLab:
    """How to reach a lab that is served, and what its clients hold; the attributes are those of `Lab`.

    `id` is another with each start. `shown` is the SHA-256 of the certificate at `door`: by it the lab is known.
    """

    form: str
    id: str
    scenario: Scenario
    ca_file: Path
    client_certificate: Path
    door: tuple[str, int]
    shown: str
    nameserver: tuple[str, int]
    table: tuple[tuple[str, int, str, int], ...]
    closed: tuple[str, int]
    authority: str
    oidc_authority: str
    exchange_url: str
    graph_url: str
    client_id: str
    client_secret: str = field(repr=False)
    admin_client_id: str
    admin_client_secret: str = field(repr=False)
    tokens: Mapping[str, str] = field(repr=False)
    refresh_tokens: Mapping[str, str] = field(repr=False)
    administrator: Mapping[str, str] = field(repr=False)

    def route(self, address: str, port: int) -> tuple[str, int]:
        """Return where a connection to `address` really goes; see `Ways.route`."""
        return self._ways.route(address, port)

    @functools.cached_property
    def _ways(self) -> Ways:
        return Ways({(name, number): (host, door) for name, number, host, door in self.table}, self.closed)

    def token(self, account: str | None = None) -> str:
        """Return the access token of an account, None for the one that signs in; that one's too where there is none."""
        return self.tokens.get(account or "", self.tokens[self.scenario.account])

    def refresh_token(self, account: str | None = None) -> str:
        """Return the refresh token of an account, as `token` does."""
        return self.refresh_tokens.get(account or "", self.refresh_tokens[self.scenario.account])

    def admin_token(self) -> str:
        """Return an access token of an administrator for `exchange_url`."""
        return self.administrator["exchange"]

    def graph_token(self) -> str:
        """Return an access token of an administrator for `graph_url`."""
        return self.administrator["graph"]

    def admin_refresh_token(self) -> str:
        """Return a refresh token of the administrator."""
        return self.administrator["refresh"]

    @property
    def answers(self) -> bool:
        """Whether the lab still runs, and nobody else has its port."""
        with suppress(OSError):
            return _shown_at(self.door) == self.shown
        return False


def handed_out(lab: "Lab") -> ServedLab:
    """Return what somebody in another process needs to know of a running lab.

    Where the scenario's devices hold tokens, each scanner's account has its own in it.
    """
    scenario = lab.scenario
    accounts = {scenario.account}
    if scenario.run.auth is Auth.TOKEN and not scenario.sign_in.account:
        accounts |= {box.upn for box in scenario.mailboxes if box.expect is not None}
    redeems = scenario.run.holds == "refresh_token"
    return ServedLab(
        form=_FORM,
        id=secrets.token_hex(16),
        scenario=scenario,
        ca_file=lab.ca_file,
        client_certificate=lab.client_certificate,
        door=lab.door,
        shown=_shown_at(lab.door),
        nameserver=lab.nameserver,
        table=tuple((*address, *door) for address, door in lab.ways.table.items()),
        closed=lab.ways.closed,
        authority=lab.authority,
        oidc_authority=lab.oidc_authority,
        exchange_url=lab.exchange_url,
        graph_url=lab.graph_url,
        client_id=lab.client_id,
        client_secret=lab.client_secret,
        admin_client_id=lab.admin_client_id,
        admin_client_secret=lab.admin_client_secret,
        tokens={one: lab.token(one, life_s=_LIFE_S) for one in ({scenario.account} if redeems else accounts)},
        refresh_tokens={one: lab.refresh_token(one) for one in (accounts if redeems else {scenario.account})},
        administrator={
            "exchange": lab.admin_token(life_s=_LIFE_S),
            "graph": lab.graph_token(life_s=_LIFE_S),
            "refresh": lab.admin_refresh_token(),
        },
    )


def hand_out(lab: ServedLab, file: Path) -> None:
    """Write the file, for its owner alone; raises `InvalidInputError` where it cannot be written."""
    write(file, _type().dump_json(lab, exclude_defaults=True), private=True)


def read_served(file: Path) -> ServedLab:
    """Read the file of a lab that is served, or was; raises `ScenarioError` for one that cannot be read, or is none."""
    from pydantic import ValidationError

    shown = printable(str(file), _PATH)
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise ScenarioError(
            say("The file {file} of a served lab cannot be read: {reason}.", file=shown, reason=why(problem))
        ) from None
    try:
        found = _type().validate_json(content)
    except (ValidationError, RecursionError):
        found = None
    if found is None or found.form != _FORM or found.scenario.account not in found.tokens:
        raise ScenarioError(say("{file} was not written by this version's 'diag lab serve'.", file=shown))
    return found


def served(file: str) -> ServedLab:
    """Return the lab whose file this is; raises `ScenarioError` where it does not run any more."""
    found = read_served(Path(file))
    if not found.answers:
        raise ScenarioError(
            say(
                "The lab of {file} does not run any more; this starts it: {command}",
                file=printable(file, _PATH),
                command=f"diag lab serve {printable(found.scenario.name)}",
            )
        )
    return found


def withdraw(lab: ServedLab, file: Path) -> None:
    """Remove the file, unless another lab has written its own there."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        if json.loads(file.read_bytes())["id"] == lab.id:
            file.unlink()


@functools.cache
def _type() -> "TypeAdapter[ServedLab]":
    from pydantic import TypeAdapter

    return TypeAdapter(ServedLab)


def _shown_at(door: tuple[str, int]) -> str:
    """Return the SHA-256 of the certificate at a door of this computer; raises `OSError`, `TimeoutError` included.

    Whether it is a good one does not matter: in some scenarios it is not.
    """
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(door, timeout=_PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
