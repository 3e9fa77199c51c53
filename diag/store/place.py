"""Where the ledger is: a file, made so that only its owner can read it, or a database of a PostgreSQL server."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from diag.files import data_folder, why
from diag.secret import Redactor, Secret
from diag.sentence import Sentence, say
from diag.setting import LedgerError
from diag.subject import InvalidInputError, printable

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL
# Options of libpq that hold a secret; a password may stand among them in place of before the host.
_SECRET_OPTIONS = frozenset({"password", "sslpassword", "oauth_client_secret"})


@dataclass(frozen=True, slots=True)
class File:
    """An SQLite database."""

    path: Path

    @property
    def shown(self) -> str:
        """The path, fit for a terminal."""
        return printable(str(self.path), 200)

    def make(self) -> None:
        """Make the file, empty, where there is none, and its folders; raises `LedgerError` where that fails.

        SQLite would make a file that everybody can read. It gives its journal the mode of the database.
        """
        try:
            for folder in reversed(list(_missing(self.path.parent))):
                folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self.path, _NEW, 0o600))
        except OSError as problem:
            raise self._not_opened(why(problem)) from None

    def check(self) -> None:
        """Raise `LedgerError` where this is no file that can be opened: SQLite would make one, open to all readers.

        The file is not opened for that: POSIX takes all locks of a program away when it closes a file, and with them
        those of another task's transaction.
        """
        try:
            mode = self.path.stat().st_mode
        except OSError as problem:
            raise self._not_opened(why(problem)) from None
        if not stat.S_ISREG(mode):
            # A device would swallow what is written, and a pipe wait for ever.
            raise self._not_opened(say("it is a folder") if stat.S_ISDIR(mode) else say("it is not a file"))
        if not os.access(self.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
            raise self._not_opened(say("access is denied"))

    def _not_opened(self, reason: Sentence | str) -> LedgerError:
        return LedgerError(say("The ledger {place} cannot be opened: {reason}.", place=self.shown, reason=reason))


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL server; what is None or missing is libpq's to find (its environment, its files)."""

    host: str | None
    port: int | None
    database: str | None
    user: str | None
    password: Secret | None
    options: tuple[tuple[str, Secret], ...]

    @property
    def shown(self) -> str:
        """Host, port and database, and nothing else of the URL."""
        host = self.host or next((value.reveal() for name, value in self.options if name == "host"), "")
        host = f"[{host}]" if ":" in host else host
        port = f":{self.port}" if self.port is not None else ""
        return printable(f"postgresql://{host}{port}/{self.database or ''}", 200)

    def clean(self, text: str) -> str:
        """Return `text` without any secret of the URL."""
        redactor = Redactor()
        for secret in (self.password, *(value for name, value in self.options if name in _SECRET_OPTIONS)):
            if secret is not None and len(secret):
                redactor.add(secret)
        return redactor.clean(text)


Place: TypeAlias = File | Server


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def place_of(named: str | Path | None) -> Place:
    """Return the place that was named: a path, a URL of SQLite or PostgreSQL, None for the user's own data folder.

    Raises `InvalidInputError` for a URL that is not understood; it is never quoted, since it may hold a password.
    """
    if named is None:
        return File(data_folder() / "diag.db")
    if isinstance(named, Path) or "://" not in named:
        # Where the name is a link, the file it leads to is the one that must be made, and made private.
        return File(Path(os.path.realpath(named)))
    scheme, _, rest = named.partition("://")
    if scheme.lower() in _SQLITE:
        return _file(rest)
    if scheme.lower() in _POSTGRESQL:
        return _server(f"postgresql://{rest}")
    raise InvalidInputError(
        say(
            "The ledger is kept in a file, or in a database named by a URL that begins with {known}.",
            known="sqlite:/// or postgresql://",
        )
    )


def _file(rest: str) -> File:
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path == ":memory:" or "?" in path:
        raise InvalidInputError(
            say("The URL of the ledger must be {example}, without anything behind the path.", example="sqlite:///PATH")
        )
    return File(Path(os.path.realpath(path)))


def _server(url: str) -> Server:
    refusal = InvalidInputError(
        say(
            "The URL of the ledger is not understood; it must be {example}, with the special characters of the "
            "password written as codes: {codes}.",
            example="postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
            codes="@ %40, / %2F, : %3A, # %23, ? %3F, [ %5B, ] %5D, % %25",
        )
    )
    try:
        parts = urlsplit(url)
        port = parts.port
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:  # its words quote the URL
        raise refusal from None
    database = parts.path.removeprefix("/")
    # What stands in the wrong part is likely a piece of a password, and would be shown as host or database.
    if parts.fragment or "#" in url or "@" in parts.path or "/" in database or parts.netloc.count("@") > 1:
        raise refusal
    return Server(
        host=unquote(parts.hostname) if parts.hostname else None,
        port=port,
        database=unquote(database) or None,
        user=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
        options=tuple((name, Secret(value)) for name, value in options),
    )
