"""`diag explain TEXT...`: what a reply, a number, a panel's code or a whole log means, offline."""

from typing import TYPE_CHECKING, cast

from diag import __version__
from diag.cli.command import Argument, Call, Command
from diag.cli.options import ACCOUNTS, SIGN_INS, options
from diag.sentence import say
from diag.subject import InvalidInputError, printable

if TYPE_CHECKING:
    from diag.cli.settings import Settings
    from diag.explanation import Explanation
    from diag.subject import Account

_TEXT = Argument(
    "text",
    say("[TEXT]..."),
    say("A reply, an AADSTS number, a panel's code, a log, or the name of a file that holds one; - for stdin."),
    say("Give the text to explain: a server's reply, an AADSTS number, a panel's code; or --file with a log."),
    many=True,
)


def _explained(call: Call, said: "Settings") -> "Explanation":
    from diag.cli.reading import is_lost_file, text_of
    from diag.explanation import explain

    mechanism = said.choice("sign-in", SIGN_INS)
    account = cast("Account | None", said.choice("account", ACCOUNTS))
    text = text_of(call, InvalidInputError(_TEXT.request))
    found = explain(text, vendor=said.text("vendor"), mechanism=mechanism, account=account)
    if not found.findings and is_lost_file(call):
        raise InvalidInputError(say("There is no file {path}.", path=printable(text, 200)))
    return found


def _list(call: Call) -> str:
    """Return which list is asked for: causes where no word says it."""
    from reports.listing import LISTS

    what = " ".join(call.words) or LISTS[0]
    if what not in LISTS:
        choices = ", ".join(LISTS)
        raise InvalidInputError(
            say("--list takes one of {choices}, not '{shown}'.", choices=choices, shown=printable(what, 40))
        )
    return what


def _run(call: Call) -> int:
    from diag.cli import answer
    from diag.cli.exits import Exit, explained
    from diag.cli.settings import settings
    from reports import render_explanation

    said = settings(call.options, call.environment, COMMAND.options, tables=(COMMAND.name,))
    answer.check(said, call.language)
    form, language, docs_url = said.form(), said.language(call.language), said.web_address("docs-url")
    width = answer.width(said)
    if "list" in call.options:
        from reports.listing import render

        what, code = _list(call), Exit.HEALTHY
        report = render(form, what, version=__version__, language=language, width=width, docs_url=docs_url)
    else:
        found = _explained(call, said)
        code = explained(found)
        report = render_explanation(form, found, version=__version__, language=language, width=width, docs_url=docs_url)
    if failure := answer.hand_over(report, said):
        raise failure
    return code


COMMAND = Command(
    name="explain",
    help=say("Say what a server's reply, an AADSTS number, a panel's code or a whole log means, offline."),
    run=_run,
    arguments=(_TEXT,),
    options=options(of="explain"),
    epilog=say(
        "Exit codes: 0 nothing is accused; 1 a cause was found; 2 wrong usage; 3 only refusals that diag does not know;"
        " 4 diag itself broke. Every option but --file and --list can also be set in the environment (DIAG_VENDOR for"
        " --vendor) and under [explain] in diag.toml."
    ),
)
