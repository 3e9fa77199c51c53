"""What a command is to the command line: a name, its help, what it takes, and a function to call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from diag.cli.options import Option
from diag.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Argument:
    """A value without a dash; every one is required, and `request` asks for it where it is missing."""

    name: str
    metavar: Sentence | str
    help: Sentence
    request: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command: its arguments and options as typed, the environment, the language of the session."""

    arguments: Mapping[str, str]
    options: Mapping[str, str]
    environment: Mapping[str, str]
    language: str


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
    commands: tuple[Command, ...]
