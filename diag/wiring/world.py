"""The world a command runs in: the real one, or a lab."""

import hashlib
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diag.adapters.network import Route, straight
from diag.evidence import Auth
from diag.files import data_folder
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError
from diag.wiring.options import Options, given_auth

if TYPE_CHECKING:
    from diag.lab import AnyLab

_MEMORY = "tenant.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where names, connections and roots come from: the real world, or a lab."""

    nameserver: tuple[str, int] | None = None
    route: Route = straight
    ca_file: Path | None = None


def _said(given: str | None, otherwise: str | None) -> str | None:
    """What was given, an empty text too: it is refused where it is read, and not replaced in silence."""
    return otherwise if given is None else given


def entered(options: Options, lab: "AnyLab | None") -> tuple[Options, World]:
    """Return the options and the world they are for.

    In a lab what was not said is filled with what the scenario says, and every way out is turned towards the lab.
    """
    if lab is None:
        return options, World(ca_file=options.ca_file)
    said, account = lab.scenario.run_of(options.mailbox), lab.scenario.account_of(options.mailbox)
    auth = given_auth(options) or said.auth
    token, client_secret = options.token, options.client_secret
    if auth is Auth.TOKEN and token is None:
        redeemable = said.holds == "refresh_token"
        token = Secret(json.dumps({"refresh_token": lab.refresh_token(account)}) if redeemable else lab.token(account))
    if auth is Auth.APP and client_secret is None and options.client_certificate is None:
        client_secret = Secret(lab.client_secret)
    filled = replace(
        options,
        mailbox=_said(options.mailbox, said.mailbox),
        sender=_said(options.sender, said.sender),
        recipient=_said(options.recipient, said.recipient),
        tenant=_said(options.tenant, said.tenant),
        smtp_host=_said(options.smtp_host, lab.scenario.host_of(options.mailbox)),
        auth=auth,
        token=token,
        client_id=_said(options.client_id, lab.client_id),
        client_secret=client_secret,
        authority=options.authority or (None if options.oidc_authority else lab.authority),
    )
    return filled, World(nameserver=lab.nameserver, route=lab.route, ca_file=options.ca_file or lab.ca_file)


def lab_folder(lab: str) -> Path:
    """Where the changes of a lab and its ledger are kept; `lab` is what was given with --lab.

    Files that stand in different places are different labs, whatever they are called.
    """
    from diag.lab import scenario_names

    name = lab
    if lab not in scenario_names():
        file = Path(lab).resolve()
        stem = re.sub(r"[^A-Za-z0-9-]", "_", file.stem)[:40]
        name = f"{stem}-{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    return data_folder() / "lab" / name


def remembered(options: Options) -> Sentence | None:
    """Say that the lab which the options name is not as its scenario says any more; None where it is."""
    if options.lab is None or not options.lab_remembers:
        return None
    if not (lab_folder(options.lab) / _MEMORY).exists():
        return None
    return say(
        "The lab {name} remembers what was changed in it; this forgets it: {command}",
        name=options.lab,
        command=f"diag lab reset {options.lab}",
    )


def started(options: Options, stack: ExitStack) -> "AnyLab | None":
    """Start the lab that the options name, or find it where it is served already; None where they name none.

    Its libraries, an extra of the installation, are first needed here.
    """
    if options.lab is None:
        return None
    from diag.lab import Lab, is_served, load_scenario, served

    if is_served(options.lab):
        return served(options.lab)
    scenario = load_scenario(options.lab)
    memory = lab_folder(options.lab) / _MEMORY if options.lab_remembers else None
    try:
        return stack.enter_context(Lab(scenario, memory))
    except ModuleNotFoundError as missing:
        raise InvalidInputError(
            say("The lab is not installed: install diag with its extra, as in 'pip install \"diag[lab]\"'.")
        ) from missing
