"""Every option, once: the command line, the environment, diag.toml and the help are all made from this table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diag.language import supported
from diag.sentence import Sentence, say
from reports import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection

AUTHS = ("device-code", "app", "token")
CLOUDS = ("global", "gcc-high", "dod", "china")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its long name without dashes, what stands for its value in the help (None: a flag), its help."""

    name: str
    metavar: Sentence | str | None
    help: Sentence

    @property
    def variable(self) -> str:
        """The environment variable that says the same."""
        return "DIAG_" + self.name.upper().replace("-", "_")


_FILE = say("FILE")
_ADDRESS = say("ADDRESS")
_URL = "URL"

OPTIONS = (
    Option("tenant", say("TENANT"), say("Tenant id or domain; the domain of the mailbox where it is not given.")),
    Option("from", _ADDRESS, say("Sender address the device uses, where it is not the mailbox.")),
    Option("to", _ADDRESS, say("Send one real test message to this address; without it nothing is sent.")),
    Option("auth", "|".join(AUTHS), say("How to get a token; follows from the other options where it is not given.")),
    Option("token-file", say("FILE|-"), say("Take the token (or JSON token response) from a file, or - for stdin.")),
    Option("client-id", "ID", say("Client id of the application that the device signs in with.")),
    Option("client-secret-file", _FILE, say("File with the client secret, for --auth app.")),
    Option("client-certificate", "PEM", say("Certificate and private key of the application, for --auth app.")),
    Option("smtp-host", say("HOST"), say("Server the device is set to; that of the cloud where it is not given.")),
    Option("smtp-port", say("PORT"), say("Port the device is set to; 587 where it is not given.")),
    Option("cloud", "|".join(CLOUDS), say("Which of Microsoft's clouds the tenant is in.")),
    Option("authority", _URL, say("Sign-in service, where it is not the cloud's own.")),
    Option("oidc-authority", _URL, say("Sign-in service of another provider (OpenID Connect issuer).")),
    Option("scope", say("SCOPE"), say("Permission to ask for, where it is not the cloud's own.")),
    Option("ca-file", "PEM", say("Trust the authorities in this file in place of the system's.")),
    Option("lab", say("NAME|FILE"), say("Run against a simulated tenant; 'diag lab list' names them.")),
    Option("format", "|".join(FORMATS), say("Form of the report; text where it is not given.")),
    Option("output", _FILE, say("Write the report to a file in place of the terminal.")),
    Option("evidence", _FILE, say("Save what was learned, without secrets, for 'diag replay'.")),
    Option("lang", "|".join(supported()), say("Language; that of the session where it is not given.")),
    Option("timeout", say("SECONDS"), say("Longest time for one conversation with the server; 60 if not given.")),
    Option("verbose", None, say("Show the certificates and the whole conversation too.")),
    Option("config", _FILE, say("Settings file, in place of diag.toml in your configuration folder.")),
)
# What shapes the report, and nothing that is examined.
REPORTING = ("format", "output", "evidence", "lang", "verbose", "config")


def options(names: "Collection[str] | None" = None, *, without: "Collection[str]" = ()) -> tuple[Option, ...]:
    """Return the options of these names (None: all), in the order of the table."""
    return tuple(option for option in OPTIONS if (names is None or option.name in names) and option.name not in without)
