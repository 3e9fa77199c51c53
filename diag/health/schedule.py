"""The nightly run, and how each kind of machine is told of it: exact texts, nothing written; pure.

No secret may stand in a command: everybody on the machine can read it there.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path, PurePath

from diag.reference import reference
from diag.secret import scrub
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

LONGEST = timedelta(hours=6)  # after which a run that hangs is ended
SPREAD = timedelta(minutes=15)  # within which it begins, so that not everybody asks Microsoft at the same moment
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")
_USER = re.compile(r"[^\x00-\x1f\x7f\"/\[\]:;|=,+*?<>]{1,256}")
_SECRET_OPTION = re.compile(r"(?i)-{1,2}(?:.*[-_])?(?:secret|token|password|passwd|pwd|passphrase|credential)")
# What an application's secret in Entra looks like, and other long rows of mixed letters and digits.
_LOOKS_SECRET = re.compile(
    r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])(?:[A-Za-z0-9_.~+=-]*~[A-Za-z0-9_.~+=-]*(?<=.{24})|[A-Za-z0-9_+=]{32,})"
)
_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w~.-]{16,}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_ARGUMENTS, _LONGEST_ARGUMENT = 200, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A command that runs every day at `at`, in the machine's own time; `command` begins with the path of a program.

    `user` is whom a Windows task runs as while nobody is signed in. Raises `InvalidInputError` for what cannot be
    written down as it stands, and for what looks like a secret, which is not quoted.
    """

    name: str
    at: time
    command: tuple[str, ...]
    working_folder: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no machine can be told."""
        schedule_name(self.name)
        if self.at.tzinfo is not None:
            raise InvalidInputError(say("The time of a schedule is the machine's own, without a time zone."))
        if not self.command or len(self.command) > _MOST_ARGUMENTS:
            raise InvalidInputError(say("A schedule needs a command of one to {count} words.", count=_MOST_ARGUMENTS))
        if self.user is not None and not _USER.fullmatch(self.user):
            raise InvalidInputError(say("'{user}' is no name of a user.", user=printable(self.user)))
        for at, word in enumerate(self.command, 1):
            if flaw := _flaw(word) or _secret(self.command, at - 1):
                raise InvalidInputError(
                    say("Word {number} of the command cannot be scheduled: {why}.", number=at, why=flaw)
                )
        if self.working_folder is not None and (flaw := _flaw(self.working_folder)):
            raise InvalidInputError(say("The folder of the schedule cannot be used: {why}.", why=flaw))

    @property
    def title(self) -> str:
        """How people see it on the machine; also the mark by which it is found again."""
        return f"diag health {self.name}"


class Kind(StrEnum):
    """The schedulers there are; the first that a machine has is taken."""

    WINDOWS = "windows"
    SYSTEMD = "systemd"
    CRON = "cron"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file as it will be written; `path` is None where it is needed for a moment, or given to a program."""

    path: Path | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What installing does: the files it writes, the programs it runs, and what a person should know beside that."""

    kind: Kind
    written: tuple[Written, ...]
    run: tuple[tuple[str, ...], ...]
    hints: tuple[Sentence, ...] = ()


def schedule_name(text: str) -> str:
    """Return `text` unchanged if a schedule can be called so; raises `InvalidInputError` otherwise."""
    if not _NAME.fullmatch(text):
        raise InvalidInputError(
            say(
                "'{name}' cannot be the name of a schedule: letters, digits, - and _, 48 at most.",
                name=printable(text),
            )
        )
    return text


def refuse_relative(schedule: Schedule, form: type[PurePath]) -> None:
    """Raise `InvalidInputError` where the program or the folder is no whole path, in the `form` of that machine."""
    program, folder = schedule.command[0], schedule.working_folder
    if not form(program).is_absolute():
        raise InvalidInputError(say("'{program}' is not the whole path of a program.", program=printable(program, 200)))
    if folder is not None and not form(folder).is_absolute():
        raise InvalidInputError(say("'{folder}' is not the whole path of a folder.", folder=printable(folder, 200)))


def refuse_user(schedule: Schedule) -> None:
    """Raise `InvalidInputError` where a user is named, on a machine whose scheduler runs as whoever tells it."""
    if schedule.user is not None:
        raise InvalidInputError(
            say(
                "--run-as is for Windows: systemd and cron run as the user who installs the schedule, so install it as"
                " {user}.",
                user=schedule.user,
            )
        )


def no_environment(*, has_keyring: bool = True) -> Sentence:
    """Say what a scheduled run cannot see."""
    if not has_keyring:
        return say(
            "What runs on a schedule does not see the environment of this terminal: what is referred to by env:NAME"
            " must be set there too, or be referred to by file:PATH."
        )
    return say(
        "What runs on a schedule does not see the environment of this terminal: what is referred to by env:NAME must be"
        " set there too, or be referred to by file:PATH or keyring:SERVICE/NAME."
    )


def _flaw(text: str) -> Sentence | None:
    """Say why a text cannot stand in any file of a scheduler; None where it can."""
    if not text or len(text) > _LONGEST_ARGUMENT:
        return say("it is empty, or longer than {count} characters", count=_LONGEST_ARGUMENT)
    if any(not c.isprintable() for c in text):  # line breaks, control characters, lone surrogates
        return say("it has a line break, or another character that is not printed")
    if text != text.strip():
        return say("it begins or ends with a blank")
    return None


def _secret(command: tuple[str, ...], at: int) -> Sentence | None:
    """Say that a word looks like a secret; None where it does not."""
    word = command[at]
    option, equals, value = word.partition("=")
    if not (equals and option.startswith("-")):
        option, value = (command[at - 1] if at else ""), word
    named = _SECRET_OPTION.fullmatch(option) is not None and not value.startswith("-") and reference(value) is None
    if named or _LOOKS_SECRET.fullmatch(value) or scrub(f"x {word} x") != f"x {word} x" or _is_secret_address(value):
        return say(
            "it looks like a secret, which everybody on the machine could read there; say where it stands instead"
            " ({forms})",
            forms="env:NAME, file:PATH, keyring:SERVICE/NAME",
        )
    return None


def _is_secret_address(value: str) -> bool:
    """Whether it is a web address that lets in whoever has it, as those of webhooks do."""
    _, is_address, rest = value.partition("://")
    host, _, path = rest.partition("/")
    keys = (one for one in path.split("/") if _KEY.fullmatch(one) and not _GUID.fullmatch(one))
    has_password = ":" in host.rpartition("@")[0]
    return bool(is_address) and (has_password or "?" in rest or any(keys))
