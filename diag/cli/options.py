"""Every option, once: the command line, the environment, diag.toml and the help are all made from this table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diag.language import supported
from diag.sentence import Sentence, say
from reports import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection

ADMIN_FORMATS = ("text", "json")
AUTHS = ("device-code", "app", "token")
CLOUDS = ("global", "gcc-high", "dod", "china")
BACKENDS = ("exchange", "graph", "manual")
SIGN_INS = ("password", "oauth")
ACCOUNTS = ("personal", "organisation")
# The tables of diag.toml; each is named after the command it is for.
TABLES = _DIAGNOSIS, _EXPLAIN, _ADMIN = ("scan-to-email", "explain", "admin")
# What the commands about the setting, and those that sign administrators in, read.
ADMIN = _ADMIN


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its long name without dashes, what stands for its value in the help (None: a flag), its help.

    `of` are the tables that may hold it, and so the commands it is for; what is `typed` is never set elsewhere.
    """

    name: str
    metavar: Sentence | str | None
    help: Sentence
    of: tuple[str, ...] = (_DIAGNOSIS,)
    typed: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that says the same."""
        return "DIAG_" + self.name.upper().replace("-", "_")


_BOTH = (_DIAGNOSIS, _ADMIN)
_FILE = say("FILE")
_ADDRESS = say("ADDRESS")
_URL = "URL"

OPTIONS = (
    Option(
        "tenant", say("TENANT"), say("Tenant id or domain; the domain of the mailbox where it is not given."), _BOTH
    ),
    Option("from", _ADDRESS, say("Sender address the device uses, where it is not the mailbox.")),
    Option("to", _ADDRESS, say("Send one real test message to this address; without it nothing is sent.")),
    Option("auth", "|".join(AUTHS), say("How to get a token; follows from the other options where it is not given.")),
    Option("token-file", say("FILE|-"), say("Take the token (or JSON token response) from a file, or - for stdin.")),
    Option("client-id", "ID", say("Client id of the application that the device signs in with.")),
    Option("client-secret-file", _FILE, say("File with the client secret, for --auth app.")),
    Option("client-certificate", "PEM", say("Certificate and private key of the application, for --auth app.")),
    Option("smtp-host", say("HOST"), say("Server the device is set to; that of the cloud where it is not given.")),
    Option("smtp-port", say("PORT"), say("Port the device is set to; 587 where it is not given.")),
    Option("cloud", "|".join(CLOUDS), say("Which of Microsoft's clouds the tenant is in."), _BOTH),
    Option("authority", _URL, say("Sign-in service, where it is not the cloud's own."), _BOTH),
    Option("oidc-authority", _URL, say("Sign-in service of another provider (OpenID Connect issuer).")),
    Option("scope", say("SCOPE"), say("Permission to ask for, where it is not the cloud's own.")),
    Option("ca-file", "PEM", say("Trust the authorities in this file in place of the system's."), _BOTH),
    Option(
        "lab", say("NAME|FILE"), say("Run against a simulated tenant; 'diag lab list' names them."), _BOTH, typed=True
    ),
    Option(
        "vendor", say("VENDOR"), say("Maker of the device, for a code of its panel; the first letters do."), (_EXPLAIN,)
    ),
    Option(
        "sign-in", "|".join(SIGN_INS), say("How the device signs in, where the text does not show it."), (_EXPLAIN,)
    ),
    Option("account", "|".join(ACCOUNTS), say("Whose the mailbox is, where the text does not show it."), (_EXPLAIN,)),
    Option("file", say("FILE|-"), say("Explain what this file holds, or - for stdin."), (_EXPLAIN,), typed=True),
    Option("list", None, say("List all that diag knows: causes, aadsts or codes."), (_EXPLAIN,), typed=True),
    Option("format", "|".join(FORMATS), say("Form of the report; text where it is not given."), (_DIAGNOSIS, _EXPLAIN)),
    Option("format", "|".join(ADMIN_FORMATS), say("Form of the report; text where it is not given."), (_ADMIN,)),
    Option("output", _FILE, say("Write the report to a file in place of the terminal."), TABLES),
    Option("evidence", _FILE, say("Save what was learned, without secrets, for 'diag replay'.")),
    Option("admin-client-id", "ID", say("Application that administrators sign in with; never the device's."), _BOTH),
    Option(
        "admin-client-secret-file", _FILE, say("File with that application's secret, if it signs in by itself."), _BOTH
    ),
    Option(
        "admin-client-certificate",
        "PEM",
        say("Certificate and key of that application, if it signs in by itself."),
        _BOTH,
    ),
    Option(
        "backend",
        "|".join(BACKENDS),
        say("Whom to ask for the setting: graph only reads, and slowly; manual says what to click and type."),
        (_ADMIN,),
    ),
    Option(
        "exchange-url",
        _URL,
        say("Where the setting is read and changed, if not at the cloud's own address."),
        _BOTH,
        typed=True,
    ),
    Option(
        "graph-url", _URL, say("Where the directory is asked, if not at the cloud's own address."), _BOTH, typed=True
    ),
    Option("ledger", say("FILE|URL"), say("Where changes are written down; a file of your own if not given."), _BOTH),
    Option(
        "ticket", "ID", say("Ticket that a change belongs to; it is written down with the change."), _BOTH, typed=True
    ),
    Option(
        "fix", None, say("Switch Authenticated SMTP on for the mailbox, if that is the cause; asks first."), typed=True
    ),
    Option("yes", None, say("Make the change without asking, for scripts."), _BOTH, typed=True),
    Option(
        "anyway",
        None,
        say("Change it even if the last change is not effective yet, or somebody changed it since."),
        _BOTH,
        typed=True,
    ),
    Option("wait", say("DURATION"), say("Try again until a change is effective, at most so long, like 30m.")),
    Option("keep", None, say("Keep the sign-in, encrypted by the system, for later runs."), (_ADMIN,), typed=True),
    Option(
        "app-only",
        say("MAILBOX,..."),
        say("Mailboxes that the device's application is to send from by itself."),
        (_ADMIN,),
        typed=True,
    ),
    Option("check", None, say("Only say which permission each question lacks."), (_ADMIN,), typed=True),
    Option(
        "docs-url",
        _URL,
        say("Where your organisation publishes docs/, for links to it in the report."),
        (_DIAGNOSIS, _EXPLAIN),
    ),
    Option("lang", "|".join(supported()), say("Language; that of the session where it is not given."), TABLES),
    Option(
        "timeout", say("SECONDS"), say("Longest time for one conversation with the server; 60 if not given."), _BOTH
    ),
    Option("verbose", None, say("Show the certificates and the whole conversation too."), _BOTH),
    Option("config", _FILE, say("Settings file, in place of diag.toml in your configuration folder."), TABLES),
)
# How an administrator's commands reach the tenant, and who signs in.
SIGNING_IN = ("tenant", "cloud", "authority", "ca-file", "lab", "admin-client-id")
BY_ITSELF = ("admin-client-secret-file", "admin-client-certificate")
REPORT = ("format", "output", "lang", "config")
# What shapes the report, and nothing that is examined.
REPORTING = ("format", "output", "evidence", "docs-url", "lang", "verbose", "config")


def options(
    names: "Collection[str] | None" = None, *, without: "Collection[str]" = (), of: str = _DIAGNOSIS
) -> tuple[Option, ...]:
    """Return those options of a table of diag.toml that have these names (None: all), in the order of `OPTIONS`."""
    return tuple(
        option
        for option in OPTIONS
        if of in option.of and (names is None or option.name in names) and option.name not in without
    )
