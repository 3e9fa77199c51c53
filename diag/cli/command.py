"""What a command is to the command line: a name, its help, what it takes, and a function to call."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from diag.cli.options import Option
from diag.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Argument:
    """A value without a dash; it is required, and `request` asks for it where it is missing.

    Of one that is `many` there may be any number, and none; they are the last on the line.
    """

    name: str
    metavar: Sentence | str
    help: Sentence
    request: Sentence
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command: its arguments and options as typed, the environment, the language of the session.

    `words` are the values of the argument that is many.
    """

    arguments: Mapping[str, str]
    options: Mapping[str, str]
    environment: Mapping[str, str]
    language: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command; `run` returns the exit code."""

    name: str
    help: Sentence
    run: Callable[[Call], int]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    epilog: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that share their first word."""

    name: str
    help: Sentence
    commands: "tuple[Command | Group, ...]"

    @property
    def all(self) -> Iterator[Command]:
        """Every command in it, those of inner groups too."""
        for entry in self.commands:
            yield from entry.all if isinstance(entry, Group) else (entry,)
