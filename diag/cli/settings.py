"""What was asked for: the command line before the environment before diag.toml."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diag.cli.options import TABLES, Option, options
from diag.files import toml, why
from diag.language import supported
from diag.sentence import say
from diag.subject import InvalidInputError, printable
from reports import FORMATS

_SECRETS = frozenset(
    {
        "token",
        "access-token",
        "refresh-token",
        "password",
        "client-secret",
        "secret",
        "device-code",
        "admin-client-secret",
    }
)
# Who signs in, where, and where things are kept: what a lab has of its own.
_OF_A_TENANT = frozenset(
    {
        *("tenant", "authority", "oidc-authority", "scope", "cloud", "ca-file", "smtp-host", "smtp-port", "ledger"),
        *("auth", "token-file", "client-id", "client-secret-file", "client-certificate", "from", "to"),
        *("admin-client-id", "admin-client-secret-file", "admin-client-certificate", "backend"),
    }
)
_JWT = re.compile(r"eyJ[\w-]{16,}")
_LONGEST_S = 3600
_WEB = re.compile(r"https?://[^\s/?#<>\"'`\\]+[^\s?#<>\"'`\\]*")
_HOST_AND_PORT = re.compile(r"([^:]+):([0-9]{1,5})")
_DURATION = re.compile(r"(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
_LONGEST_WAIT_S = 24 * 3600
_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=", re.IGNORECASE)
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Value:
    """One setting as it was written, and where: an option, a variable, or a key of the file."""

    text: str
    origin: str


def _settings_file(given: Mapping[str, str], environment: Mapping[str, str]) -> Path | None:
    """The file that was named, which must exist, or the one in the user's configuration folder, which need not."""
    if "config" in given:
        return Path(given["config"])
    if named := environment.get("DIAG_CONFIG"):
        return Path(named)
    # Never the current folder: whoever wrote that must not choose the server a token is sent to.
    from platformdirs import user_config_path

    usual = user_config_path("diag", appauthor=False) / "diag.toml"
    return usual if usual.is_file() else None


def _parse(path: Path, shown: str) -> dict[str, Any]:
    try:
        return toml(path.read_bytes(), shown)
    except OSError as problem:
        raise InvalidInputError(say("{path} cannot be read: {reason}.", path=shown, reason=why(problem))) from None


def _from_file(path: Path, table: str) -> Iterator[tuple[str, Value]]:
    shown = printable(str(path), 200)
    known = {option.name: option for option in options(of=table, without=("config",)) if not option.typed}
    whole = _parse(path, shown)
    for name in whole:
        if name not in TABLES or not isinstance(whole[name], dict):
            raise InvalidInputError(
                say(
                    "{path} may only hold the tables {tables}, not '{key}'.",
                    path=shown,
                    tables=", ".join(f"[{table}]" for table in TABLES),
                    key=printable(name),
                )
            )
    for key, value in whole.get(table, {}).items():
        if key.lower().replace("_", "-") in _SECRETS or (isinstance(value, str) and _JWT.search(value)):
            raise InvalidInputError(
                say(
                    "{path} holds a secret ('{key}'); put it into a file of its own and name that"
                    " with token-file or client-secret-file.",
                    path=shown,
                    key=printable(key),
                )
            )
        if key not in known:
            raise InvalidInputError(say("{path} has an unknown key: '{key}'.", path=shown, key=printable(key)))
        if isinstance(value, bool) != (known[key].metavar is None) or not isinstance(value, bool | str | int | float):
            raise InvalidInputError(say("'{key}' in {path} is not of the right type.", path=shown, key=printable(key)))
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield key, Value(text, f"'{key}' ({shown})")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run; every reader raises `InvalidInputError` that names where a bad value came from."""

    values: Mapping[str, Value]

    def in_lab(self) -> "Settings":
        """Return the settings without those of the real tenant, unless they were typed: a lab has its own."""
        kept = {
            name: value
            for name, value in self.values.items()
            if value.origin.startswith("--") or name not in _OF_A_TENANT
        }
        return Settings(kept)

    def text(self, name: str) -> str | None:
        """Return a setting as it was written."""
        value = self.values.get(name)
        return value.text if value else None

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Return a setting that is one of `choices`."""
        value = self.values.get(name)
        if value is not None and value.text not in choices:
            raise InvalidInputError(
                say(
                    "{origin} takes one of {choices}, not '{shown}'.",
                    origin=value.origin,
                    choices=", ".join(choices),
                    shown=printable(value.text, 40),
                )
            )
        return value.text if value else None

    def path(self, name: str) -> Path | None:
        """Return a setting that names a file."""
        value = self.values.get(name)
        if value is None:
            return None
        if not value.text or "\0" in value.text:
            raise InvalidInputError(say("{origin} takes the name of a file.", origin=value.origin))
        return Path(value.text)

    def web_address(self, name: str) -> str | None:
        """Return a setting that is the address of a folder on the web, with one slash at its end."""
        value = self.values.get(name)
        if value is None:
            return None
        if not _WEB.fullmatch(value.text) or not value.text.isprintable():
            raise InvalidInputError(
                say(
                    "{origin} takes a web address (http or https), not '{shown}'.",
                    origin=value.origin,
                    shown=printable(value.text, 40),
                )
            )
        return value.text.rstrip("/") + "/"

    def host(self) -> str | None:
        """Return the SMTP host; a port beside it has an option of its own."""
        value = self.values.get("smtp-host")
        if value is not None and (both := _HOST_AND_PORT.fullmatch(value.text)):
            raise InvalidInputError(
                say(
                    "{origin} takes a host name alone: give the port with --smtp-port, as in"
                    " --smtp-host {host} --smtp-port {port}.",
                    origin=value.origin,
                    host=printable(both[1]),
                    port=both[2],
                )
            )
        return value.text if value else None

    def port(self) -> int | None:
        """Return the SMTP port."""
        value = self.values.get("smtp-port")
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,5}", value.text):
            raise InvalidInputError(
                say(
                    "{origin} takes a number from 1 to 65535, not '{shown}'.",
                    origin=value.origin,
                    shown=printable(value.text, 40),
                )
            )
        return int(value.text)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a setting that is a whole number from `least` to `most`."""
        value = self.values.get(name)
        if value is None:
            return default
        found = int(value.text) if re.fullmatch(r"[0-9]{1,9}", value.text) else -1
        if not least <= found <= most:
            raise InvalidInputError(
                say(
                    "{origin} takes a number from {least} to {most}, not '{shown}'.",
                    origin=value.origin,
                    least=least,
                    most=most,
                    shown=printable(value.text, 40),
                )
            )
        return found

    def is_set(self, name: str) -> bool:
        """Whether a flag was given."""
        return name in self.values

    def duration(self, name: str) -> float | None:
        """Return a setting that is a duration, in seconds: a number with s, m or h behind it, or several such."""
        value = self.values.get(name)
        if value is None:
            return None
        parts = _DURATION.fullmatch(value.text.strip().lower())
        seconds = 0.0
        if parts is not None:
            hours, minutes, rest = (float(part or 0) for part in parts.groups())
            seconds = 3600 * hours + 60 * minutes + rest
        if not 0 < seconds <= _LONGEST_WAIT_S:
            raise InvalidInputError(
                say(
                    "{origin} takes a duration such as 90s, 30m or 1h30m, at most 24h, not '{shown}'.",
                    origin=value.origin,
                    shown=printable(value.text, 40),
                )
            )
        return seconds

    def database(self, name: str) -> str | None:
        """Return a setting that is a file or the URL of a database; a password in it may only be in the environment."""
        value = self.values.get(name)
        if value is None:
            return None
        in_environment = value.origin.startswith("DIAG_")
        if "://" in value.text and not in_environment and _PASSWORD.search(value.text):
            raise InvalidInputError(
                say(
                    "{origin} holds a password, which others can read there: put the URL into {variable}, or the"
                    " password into libpq's password file.",
                    origin=value.origin if value.origin.startswith("--") else "diag.toml",
                    variable="DIAG_" + name.upper().replace("-", "_"),
                )
            )
        return value.text

    def seconds(self, default: float) -> float:
        """Return the time limit."""
        value = self.values.get("timeout")
        if value is None:
            return default
        number = float(value.text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value.text) else math.nan
        if not 0 < number <= _LONGEST_S:
            raise InvalidInputError(
                say(
                    "{origin} takes seconds, more than 0 and at most 3600, not '{shown}'.",
                    origin=value.origin,
                    shown=printable(value.text, 40),
                )
            )
        return number

    @property
    def verbose(self) -> bool:
        """Whether everything is to be shown."""
        value = self.values.get("verbose")
        if value is None or value.text.lower() in _FALSE:
            return False
        if value.text.lower() not in _TRUE:
            raise InvalidInputError(
                say(
                    "{origin} takes one of {choices}, not '{shown}'.",
                    origin=value.origin,
                    choices="1, 0",
                    shown=printable(value.text, 40),
                )
            )
        return True

    def form(self) -> str:
        """Return the form of the report."""
        return self.choice("format", FORMATS) or "text"

    def language(self, default: str) -> str:
        """Return the language of the report; `default` is the one that the session speaks."""
        return self.choice("lang", supported()) or default


def settings(
    given: Mapping[str, str],
    environment: Mapping[str, str],
    asked: Sequence[Option],
    *,
    outside: Callable[[str], bool] = lambda _: True,
    tables: Sequence[str] = TABLES[:1],
) -> Settings:
    """Gather the `asked` options from all three places; an empty variable counts as none.

    `outside` says which of them may come from the environment and from the `tables` of the file, the last of which goes
    before the others. Raises `InvalidInputError` for a file that cannot be used.
    """
    file = _settings_file(given, environment)
    found = {name: value for table in tables for name, value in _from_file(file, table)} if file else {}
    for option in asked:
        if not option.typed and (text := environment.get(option.variable)):
            found[option.name] = Value(text, option.variable)
    names = {option.name for option in asked}
    kept = {name: value for name, value in found.items() if name in names and outside(name)}
    return Settings(kept | {name: Value(text, f"--{name}") for name, text in given.items()})
