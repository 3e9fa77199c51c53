"""Every option, once: the command line, the environment, diag.toml and the help are all made from this table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diag.language import supported
from diag.sentence import Sentence, say
from reports import FORMATS, HEALTH_FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection

ADMIN_FORMATS = ("text", "json")
AUTHS = ("device-code", "app", "token")
CLOUDS = ("global", "gcc-high", "dod", "china")
BACKENDS = ("exchange", "graph", "manual")
SETTINGS_FROM = ("graph", "exchange", "none")
SCHEDULERS = ("systemd", "cron", "windows")
SIGN_INS = ("password", "oauth")
ACCOUNTS = ("personal", "organisation")
# The tables of diag.toml; each is named after the command it is for.
TABLES = _DIAGNOSIS, _EXPLAIN, _ADMIN, _HEALTH = ("scan-to-email", "explain", "admin", "health")
# What the commands about the setting, and those that sign administrators in, read.
ADMIN = _ADMIN
HEALTH = _HEALTH


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
_EXAMINED = (_DIAGNOSIS, _HEALTH)
_ASKED = (*_BOTH, _HEALTH)
_NUMBER, _DAYS = say("NUMBER"), say("DAYS")
_FILE = say("FILE")
_ADDRESS = say("ADDRESS")
_URL = "URL"

OPTIONS = (
    Option(
        "tenant", say("TENANT"), say("Tenant id or domain; the domain of the mailbox where it is not given."), _ASKED
    ),
    Option("from", _ADDRESS, say("Sender address the device uses, where it is not the mailbox.")),
    Option("to", _ADDRESS, say("Send one real test message to this address; without it nothing is sent.")),
    Option("auth", "|".join(AUTHS), say("How to get a token; follows from the other options where it is not given.")),
    Option("token-file", say("FILE|-"), say("Take the token (or JSON token response) from a file, or - for stdin.")),
    Option("client-id", "ID", say("Client id of the application that the device signs in with."), _EXAMINED),
    Option("client-secret-file", _FILE, say("File with the client secret, for --auth app."), _EXAMINED),
    Option(
        "client-certificate", "PEM", say("Certificate and private key of the application, for --auth app."), _EXAMINED
    ),
    Option(
        "smtp-host",
        say("HOST"),
        say("Server the device is set to; that of the cloud where it is not given."),
        _EXAMINED,
    ),
    Option("smtp-port", say("PORT"), say("Port the device is set to; 587 where it is not given."), _EXAMINED),
    Option("cloud", "|".join(CLOUDS), say("Which of Microsoft's clouds the tenant is in."), _ASKED),
    Option("authority", _URL, say("Sign-in service, where it is not the cloud's own."), _ASKED),
    Option("oidc-authority", _URL, say("Sign-in service of another provider (OpenID Connect issuer)."), _EXAMINED),
    Option("scope", say("SCOPE"), say("Permission to ask for, where it is not the cloud's own."), _EXAMINED),
    Option("ca-file", "PEM", say("Trust the authorities in this file in place of the system's."), _ASKED),
    Option(
        "lab", say("NAME|FILE"), say("Run against a simulated tenant; 'diag lab list' names them."), _ASKED, typed=True
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
    Option("format", "|".join(HEALTH_FORMATS), say("Form of the report; text where it is not given."), (_HEALTH,)),
    Option("output", _FILE, say("Write the report to a file in place of the terminal."), TABLES),
    Option("evidence", _FILE, say("Save what was learned, without secrets, for 'diag replay'.")),
    Option("admin-client-id", "ID", say("Application that administrators sign in with; never the device's."), _ASKED),
    Option(
        "admin-client-secret-file", _FILE, say("File with that application's secret, if it signs in by itself."), _ASKED
    ),
    Option(
        "admin-client-certificate",
        "PEM",
        say("Certificate and key of that application, if it signs in by itself."),
        _ASKED,
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
        _ASKED,
        typed=True,
    ),
    Option(
        "graph-url", _URL, say("Where the directory is asked, if not at the cloud's own address."), _ASKED, typed=True
    ),
    Option(
        "ledger",
        say("FILE|URL"),
        say("Where changes and runs are written down; a file of your own if not given."),
        _ASKED,
    ),
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
    Option(
        "unattended",
        None,
        say("The administrators' application is to ask with nobody signed in too, as runs at night do."),
        (_ADMIN,),
        typed=True,
    ),
    Option("check", None, say("Only say which permission each question lacks."), (_ADMIN,), typed=True),
    Option(
        "docs-url",
        _URL,
        say("Where your organisation publishes docs/, for links to it in the report."),
        (_DIAGNOSIS, _EXPLAIN, _HEALTH),
    ),
    Option("lang", "|".join(supported()), say("Language; that of the session where it is not given."), TABLES),
    Option(
        "timeout", say("SECONDS"), say("Longest time for one conversation with the server; 60 if not given."), _ASKED
    ),
    Option("inventory", _FILE, say("The mailboxes: a CSV or TOML file, where none is named."), (_HEALTH,)),
    Option("discover", None, say("Find the mailboxes in the tenant: those that sent by SMTP lately."), (_HEALTH,)),
    Option("series", say("NAME"), say("Which runs are compared; the inventory's name if not given."), (_HEALTH,)),
    Option(
        "resume", None, say("Take up the last run, if it was cut off; repeat nothing of it."), (_HEALTH,), typed=True
    ),
    Option("per-tenant", _NUMBER, say("Most mailboxes of a tenant at once; 10 if not given."), (_HEALTH,)),
    Option("per-site", _NUMBER, say("Most mailboxes of a site at once; 50 if not given."), (_HEALTH,)),
    Option("at-once", _NUMBER, say("Most mailboxes at once in all; 100 if not given."), (_HEALTH,)),
    Option(
        "stop-after",
        _NUMBER,
        say("Leave a tenant after so many failures alike in a row; 20 if not given, 0 for never."),
        (_HEALTH,),
    ),
    Option(
        "settings-from",
        "|".join(SETTINGS_FROM),
        say("Whom to ask once for the setting of all mailboxes; graph counts against a monthly quota."),
        (_HEALTH,),
    ),
    Option("annotations", _FILE, say("Findings that are known: why they are left alone, until when."), (_HEALTH,)),
    Option("deliver", _FILE, say("Who gets the report: e-mail, Teams, Slack, webhook, ping."), (_HEALTH,)),
    Option("nagios", None, say("Print one line, and exit, as a plug-in of Nagios does."), (_HEALTH,), typed=True),
    Option("no-evidence", None, say("Keep results only, without what they were judged from."), (_HEALTH,)),
    Option("run", _NUMBER, say("Number of the run; the last finished one if not given."), (_HEALTH,), typed=True),
    Option("keep-runs", _DAYS, say("Remove runs older than this; 400 if not given."), (_HEALTH,)),
    Option("keep-evidence", _DAYS, say("Remove evidence older than this; 30 if not given."), (_HEALTH,)),
    Option("dry-run", None, say("Only say what would be done."), (_HEALTH,), typed=True),
    Option("at", "HH:MM", say("Local time of the nightly run; 02:30 if not given."), (_HEALTH,), typed=True),
    Option(
        "scheduler",
        "|".join(SCHEDULERS),
        say("Which scheduler to use; the one that this computer has if not given."),
        (_HEALTH,),
        typed=True,
    ),
    Option(
        "run-as",
        say("NAME"),
        say("Windows: the user to run as, signed in or not, as in CONTOSO\\scan-run."),
        (_HEALTH,),
        typed=True,
    ),
    Option("verbose", None, say("Show the certificates and the whole conversation too."), _ASKED),
    Option("config", _FILE, say("Settings file, in place of diag.toml in your configuration folder."), TABLES),
)
# How an administrator's commands reach the tenant, and who signs in.
SIGNING_IN = ("tenant", "cloud", "authority", "ca-file", "lab", "admin-client-id")
BY_ITSELF = ("admin-client-secret-file", "admin-client-certificate")
REPORT = ("format", "output", "lang", "config")
# How a run over many mailboxes reaches them, and what it may ask.
ASKING = (
    *("tenant", "client-id", "client-secret-file", "client-certificate", "smtp-host", "smtp-port", "cloud"),
    *("authority", "oidc-authority", "scope", "ca-file", "lab", "admin-client-id", *BY_ITSELF),
    *("exchange-url", "graph-url", "ledger", "timeout", "settings-from"),
)
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
