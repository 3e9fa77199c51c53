"""Turn what was typed, set and configured into the options that everything is made from."""

from diag import wiring
from diag.cli.command import Call
from diag.cli.given import secret_of
from diag.cli.options import AUTHS, BACKENDS, CLOUDS
from diag.cli.settings import Settings
from diag.evidence import Auth
from diag.logs import LEVELS
from diag.sentence import say
from diag.subject import Cloud, InvalidInputError, printable

_TIMEOUT_S = 60


def log_level(call: Call) -> str:
    """Return the level of the log that the environment asks for; raises `InvalidInputError` for one there is not."""
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


def options_of(mailbox: str | None, lab: str | None, said: Settings, call: Call) -> wiring.Options:
    """Return the options; raises `InvalidInputError` for a value that cannot be used."""
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
        admin_client_id=said.text("admin-client-id"),
        admin_client_secret=secret_of("admin-client-secret", said, call.environment),
        admin_client_certificate=said.path("admin-client-certificate"),
        backend=said.choice("backend", BACKENDS) or "exchange",
        exchange_url=said.text("exchange-url"),
        graph_url=said.text("graph-url"),
        ledger=said.database("ledger"),
        lab=lab,
        timeout_s=said.seconds(_TIMEOUT_S),
    )
