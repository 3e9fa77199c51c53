"""Make typer's application out of our commands, in the language of the session, and run it."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from diag import __version__
from diag.cli import explain, health, lab, login, replay, scan_to_email, setup, smtp_auth
from diag.cli.command import Call, Command, Group
from diag.cli.exits import Exit
from diag.cli.guard import refuse_secrets
from diag.cli.mistakes import mistake
from diag.cli.options import Option, options
from diag.files import why
from diag.language import Translate, translator, wanted
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

PROGRAM = "diag"
_LONGEST = 2000  # characters of one complaint
_DASHED_TEXT = re.compile(r"-(?!-[\w-]+=)\S*\s")
COMMANDS: tuple[Command | Group, ...] = (
    scan_to_email.COMMAND,
    smtp_auth.GROUP,
    health.GROUP,
    explain.COMMAND,
    replay.COMMAND,
    login.LOGIN,
    login.LOGOUT,
    setup.COMMAND,
    lab.GROUP,
)


class _AsTyped:
    """In place of typer's conversions, which load pydantic: diag takes every value as it was typed."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002 - typer's signature
        """Return the value itself; an empty row where there is none of several."""
        return () if value is None and param.nargs == -1 else value


class _Help:
    """A help page of our own words; `translate` is set by `_in_language`."""

    translate: Translate

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """Write the first line."""
        pieces = [self.translate(say("[OPTIONS]").text)]
        pieces += [parameter.metavar for parameter in self.params if parameter.param_type_name == "argument"]
        if hasattr(self, "commands"):
            pieces.append(self.translate(say("COMMAND ...").text))
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=self.translate(say("Usage:").text) + " ")

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        """Write what the command takes."""
        arguments = [(p.metavar, p.help) for p in self.params if p.param_type_name == "argument"]
        told = [p.get_help_record(ctx) for p in self.get_params(ctx) if p.param_type_name == "option"]
        if arguments:
            with formatter.section(self.translate(say("Arguments").text)):
                formatter.write_dl(arguments)
        with formatter.section(self.translate(say("Options").text)):
            formatter.write_dl(told)
        if hasattr(self, "commands"):
            with formatter.section(self.translate(say("Commands").text)):
                formatter.write_dl([(name, command.help or "") for name, command in self.commands.items()])

    def get_params(self: Any, ctx: Any) -> Any:
        """Return the parameters, each taking its value as it was typed."""
        for parameter in (found := super().get_params(ctx)):  # type: ignore[misc]
            parameter._runtime_param = _AsTyped()  # noqa: SLF001 - typer has no other place for it
        return found

    def get_help_option(self: Any, ctx: Any) -> Any:
        """Return --help, described in our words."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        option.help = self.translate(say("Show this help and stop.").text)
        return option


class _Page(_Help, TyperCommand):
    pass


class _Contents(_Help, TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Refuse a word that is no command of ours, in our words."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise InvalidInputError(
                say(
                    "There is no command '{name}'; there are {known}.",
                    name=printable(args[0], 40),
                    known=", ".join(self.commands),
                )
            )
        return super().resolve_command(ctx, args)


_Class = TypeVar("_Class", bound=type)


def _in_language(base: _Class, translate: Translate) -> _Class:
    """Return typer's class `base` with its words in one language."""
    return cast("_Class", type(base.__name__, (base,), {"translate": staticmethod(translate)}))


def _word(text: Sentence | str, translate: Translate) -> str:
    return text if isinstance(text, str) else translate(text.text)


def _parameters(command: Command, translate: Translate) -> list[inspect.Parameter]:
    """Return a command's arguments and options as typer reads them from a function."""
    kind = inspect.Parameter.KEYWORD_ONLY
    found = [
        inspect.Parameter(
            argument.name,
            kind,
            annotation=list[str] if argument.many else str,
            default=typer.Argument(
                None if argument.many else ...,
                metavar=_word(argument.metavar, translate),
                help=translate(argument.help.text),
                show_default=False,
            ),
        )
        for argument in command.arguments
    ]
    return found + [_option(option, translate) for option in command.options]


def _option(option: Option, translate: Translate) -> inspect.Parameter:
    is_flag = option.metavar is None
    return inspect.Parameter(
        f"option_{option.name.replace('-', '_')}",
        inspect.Parameter.KEYWORD_ONLY,
        annotation=bool if is_flag else str | None,
        default=typer.Option(
            False if is_flag else None,
            f"--{option.name}",
            metavar=None if option.metavar is None else _word(option.metavar, translate),
            help=translate(option.help.text),
            show_default=False,
        ),
    )


def _callback(command: Command, environment: Mapping[str, str], language: str) -> Callable[..., int]:
    """Return the function that typer calls, with the signature typer is to read."""

    def run(**typed: str | bool | list[str] | None) -> int:
        many = next((typed[argument.name] for argument in command.arguments if argument.many), None)
        given = {option.name: typed[f"option_{option.name.replace('-', '_')}"] for option in command.options}
        return command.run(
            Call(
                arguments={
                    argument.name: str(typed[argument.name]) for argument in command.arguments if not argument.many
                },
                options={
                    name: "true" if value is True else str(value)
                    for name, value in given.items()
                    if value is not None and value is not False
                },
                environment=environment,
                language=language,
                words=tuple(many) if isinstance(many, list) else (),
            )
        )

    run.__signature__ = inspect.Signature(_parameters(command, translator(language)))  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _group(
    commands: Sequence[Command | Group],
    help_text: Sentence,
    environment: Mapping[str, str],
    language: str,
    *,
    top: bool,
) -> typer.Typer:
    translate = translator(language)
    page, contents = _in_language(_Page, translate), _in_language(_Contents, translate)
    app = typer.Typer(
        cls=contents,
        help=translate(help_text.text),
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
    )
    version = typer.Option(
        False,
        "--version",
        help=translate(say("Show the version and stop.").text),
        is_eager=True,
        callback=_show_version,
        show_default=False,
    )
    lang = _option(options(("lang",))[0], translate)

    def start(**typed: object) -> None:
        if typed["ctx"].invoked_subcommand is None:  # type: ignore[attr-defined]
            known = ", ".join(command.name for command in commands)
            raise InvalidInputError(say("Name a command: {known}. --help explains them.", known=known))

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("ctx", kind, annotation=typer.Context), lang]
    if top:
        parameters.append(inspect.Parameter("version", kind, annotation=bool, default=version))
    start.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    start.__annotations__ = {}
    app.callback(cls=contents, help=translate(help_text.text), invoke_without_command=True)(start)
    for command in commands:
        match command:
            case Command():
                app.command(
                    command.name,
                    cls=page,
                    help=translate(command.help.text),
                    epilog=translate(command.epilog.text) if command.epilog else None,
                )(_callback(command, environment, language))
            case Group():
                inner = _group(command.commands, command.help, environment, language, top=False)
                app.add_typer(inner, name=command.name, help=translate(command.help.text))
    return app


ABOUT = say("Tells a helpdesk why a scanner cannot e-mail its scans through Exchange Online.")


_REQUESTS = {
    argument.name: argument.request
    for entry in COMMANDS
    for command in (entry.all if isinstance(entry, Group) else (entry,))
    for argument in command.arguments
}


def _complain(line: str) -> None:
    print(printable(line.replace("\u00a0", " "), _LONGEST), file=sys.stderr)  # noqa: T201 - one sentence on stderr is the whole answer


def _pasted(arguments: Sequence[str]) -> list[str]:
    """Put a blank before text that begins with a dash, as lines of logs do; the name of an option holds no blank."""
    if explain.COMMAND.name not in arguments:
        return list(arguments)
    return [f" {argument}" if _DASHED_TEXT.match(argument) else argument for argument in arguments]


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command line and return its exit code; nothing is raised, and nothing secret is printed."""
    language = wanted(arguments, environment)
    translate = translator(language)
    try:
        refuse_secrets(arguments)
        app = typer.main.get_command(_group(COMMANDS, ABOUT, environment, language, top=True))
        code = app.main(args=_pasted(arguments), prog_name=PROGRAM, standalone_mode=False)
        return int(code or 0)
    except InvalidInputError as problem:
        _complain(f"{PROGRAM}: {problem.sentence.in_language(translate)}")
        return Exit.USAGE
    except TyperException as problem:
        _complain(f"{PROGRAM}: {mistake(problem, _REQUESTS).in_language(translate)}")
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except Exception as problem:  # noqa: BLE001 - the last line of defence: a traceback would show people nothing
        from diag.logs import place_of

        _complain(
            f"{PROGRAM}: "
            + say(
                "diag itself broke ({place}); please report this, with what you typed but without secrets.",
                place=place_of(problem),
            ).in_language(translate)
        )
        return Exit.BROKE


def unwritten(problem: OSError, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Say why stdout did not take the report, and return the exit code."""
    translate = translator(wanted(arguments, environment))
    said = say("The report cannot be written to standard output: {reason}.", reason=why(problem))
    _complain(f"{PROGRAM}: {said.in_language(translate)}")
    return Exit.USAGE
