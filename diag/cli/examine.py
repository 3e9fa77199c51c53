"""Examine one mailbox: options into ports, evidence into a diagnosis."""

import asyncio

import checks
from diag import __version__, catalogue, pipeline, wiring
from diag.cli import answer
from diag.cli.command import Call
from diag.cli.given import secret_of
from diag.cli.lab import scenario
from diag.cli.options import AUTHS, CLOUDS
from diag.cli.settings import Settings
from diag.cli.terminal import Terminal
from diag.diagnosis import Diagnosis
from diag.evidence import Auth, Evidence
from diag.language import translator
from diag.logs import LEVELS, configure
from diag.sentence import say
from diag.subject import Cloud, InvalidInputError, address, printable

_TIMEOUT_S = 60


def _log_level(call: Call) -> str:
    level = call.environment.get("DIAG_LOG", "").lower() or "warning"
    if level not in LEVELS:
        raise InvalidInputError(
            say(
                "{origin} takes one of {choices}, not '{shown}'.",
                origin="DIAG_LOG",
                choices=", ".join(LEVELS),
                shown=printable(level, 40),
            )
        )
    return level


def _options(mailbox: str | None, lab: str | None, said: Settings, call: Call) -> wiring.Options:
    auth = said.choice("auth", AUTHS)
    cloud = said.choice("cloud", CLOUDS)
    return wiring.Options(
        mailbox=mailbox,
        sender=said.text("from"),
        recipient=said.text("to"),
        tenant=said.text("tenant"),
        auth=Auth(auth) if auth else None,
        token=secret_of("token", said, call.environment),
        client_id=said.text("client-id"),
        client_secret=secret_of("client-secret", said, call.environment),
        client_certificate=said.path("client-certificate"),
        smtp_host=said.host(),
        smtp_port=said.port(),
        cloud=Cloud(cloud) if cloud else Cloud.GLOBAL,
        authority=said.text("authority"),
        oidc_authority=said.text("oidc-authority"),
        scope=said.text("scope"),
        ca_file=said.path("ca-file"),
        lab=lab,
        timeout_s=said.seconds(_TIMEOUT_S),
    )


def examine(mailbox: str | None, lab: str | None, said: Settings, call: Call) -> tuple[Diagnosis, Evidence]:
    """Examine `mailbox` (None: the one of the lab's scenario)."""
    if mailbox is not None:
        address(mailbox)
    answer.check(said, call.language)
    level = _log_level(call)
    wanted = _options(mailbox, lab, said, call)
    person = Terminal(
        translator(said.language(call.language)),
        account=mailbox,
        simulated=lab is not None and scenario(lab).device_code.outcome == "approved",
        verbose=said.verbose,
    )
    with person, wiring.examination(wanted, person) as found:
        configure(level, found.redactor.clean)
        person.account = found.subject.mailbox
        evidence, diagnosis = asyncio.run(
            pipeline.run(found.subject, found.ports, checks.CHECKS, catalogue.load(), __version__)
        )
    return diagnosis, evidence
