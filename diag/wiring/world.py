"""The world a command runs in: the real one, or a lab."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diag.adapters.network import Route, straight
from diag.evidence import Auth
from diag.secret import Secret
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError
from diag.wiring.options import Options, given_auth

if TYPE_CHECKING:
    from diag.lab import Lab

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


def in_lab(options: Options, lab: "Lab") -> tuple[Options, World]:
    """Fill what was not said with what the scenario says, and turn every way out towards the lab."""
    said = lab.scenario.run
    auth = given_auth(options) or said.auth
    token, client_secret = options.token, options.client_secret
    if auth is Auth.TOKEN and token is None:
        redeemable = said.holds == "refresh_token"
        token = Secret(json.dumps({"refresh_token": lab.refresh_token()}) if redeemable else lab.token())
    if auth is Auth.APP and client_secret is None and options.client_certificate is None:
        client_secret = Secret(lab.client_secret)
    filled = replace(
        options,
        mailbox=_said(options.mailbox, said.mailbox),
        sender=_said(options.sender, said.sender),
        recipient=_said(options.recipient, said.recipient),
        tenant=_said(options.tenant, said.tenant),
        smtp_host=_said(options.smtp_host, lab.scenario.network.host),
        auth=auth,
        token=token,
        client_id=_said(options.client_id, lab.client_id),
        client_secret=client_secret,
        authority=options.authority or (None if options.oidc_authority else lab.authority),
    )
    return filled, World(nameserver=lab.nameserver, route=lab.route, ca_file=options.ca_file or lab.ca_file)


def lab_folder(name: str) -> Path:
    """Where a scenario's changes and its ledger are kept; `name` is that of the scenario, not of its file."""
    from platformdirs import user_data_path

    return user_data_path("diag", appauthor=False) / "lab" / name


def remembered(options: Options) -> Sentence | None:
    """Say that the lab which the options name is not as its scenario says any more; None where it is."""
    if options.lab is None or not options.lab_remembers:
        return None
    from diag.lab import load_scenario

    name = load_scenario(options.lab).name
    if not (lab_folder(name) / _MEMORY).exists():
        return None
    return say(
        "The lab {name} remembers what was changed in it; this forgets it: {command}",
        name=name,
        command=f"diag lab reset {options.lab}",
    )


def started(options: Options, stack: ExitStack) -> "Lab | None":
    """Start the lab that the options name, None where they name none.

    Its libraries, an extra of the installation, are first needed here.
    """
    if options.lab is None:
        return None
    from diag.lab import Lab, load_scenario

    scenario = load_scenario(options.lab)
    memory = lab_folder(scenario.name) / _MEMORY if options.lab_remembers else None
    try:
        return stack.enter_context(Lab(scenario, memory))
    except ModuleNotFoundError as missing:
        raise InvalidInputError(
            say("The lab is not installed: install diag with its extra, as in 'pip install \"diag[lab]\"'.")
        ) from missing
