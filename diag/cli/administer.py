"""Run a command about the setting: options into an administrator's side and a ledger, what was found into a report."""

import sys
from collections.abc import Awaitable, Callable, Sequence

from diag import wiring
from diag.change import by_hand, expectation
from diag.cli import answer
from diag.cli.changing import Desk
from diag.cli.command import Call
from diag.cli.exits import told
from diag.cli.loop import complete
from diag.cli.options import ADMIN, ADMIN_FORMATS, BACKENDS, Option
from diag.cli.settings import Settings, settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.language import translator
from diag.logs import configure
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.setting import Change, Expectation, LedgerError, Switch
from diag.store import open_ledger
from diag.subject import InvalidInputError, address
from reports.setting import Told


def administer(
    call: Call, asked: Sequence[Option], work: Callable[[Desk, str], Awaitable[Told]], value: Switch | None
) -> int:
    """Do `work` on the mailbox that was named, and report it; returns the exit code.

    By hand it is to be given `value`, or (None) to be read.
    """
    said, mailbox = _settings(call, asked), address(call.arguments["mailbox"])
    level, wanted = log_level(call), options_of(mailbox, said.text("lab"), said, call)
    if said.choice("backend", BACKENDS) == "manual":
        because = say("By hand means that diag neither reads nor changes anything. This does it:")
        nobody = NotAnswered(obstacle=Obstacle.NOT_ASKED, because=because)
        return _deliver(Told(mailbox=mailbox, setting=nobody, hints=by_hand(mailbox, value)), said, call.language)
    person = Terminal(translator(said.language(call.language)), administrator=True, verbose=said.verbose)
    with person, wiring.administration(wanted, person) as side:
        configure(level, side.redactor.clean)
        if (note := wiring.remembered(wanted)) is not None:
            person.say(note)
        found = complete(_worked(side, wiring.ledger_of(wanted), person, lambda desk: work(desk, mailbox)))
    return _deliver(found, said, call.language)


async def _worked(
    side: wiring.Administration, ledger_at: str | None, person: Terminal, work: Callable[[Desk], Awaitable[Told]]
) -> Told:
    try:
        async with open_ledger(ledger_at) as ledger:
            return await work(Desk(side, ledger, person))
    except LedgerError as problem:
        # Nothing was sent: afterwards a change says what happened, ledger or not.
        raise InvalidInputError(problem.sentence) from None


def show_history(call: Call, asked: Sequence[Option]) -> int:
    """Show the changes of the mailbox that was named; nobody need sign in."""
    said, mailbox = _settings(call, asked), address(call.arguments["mailbox"])
    wanted = options_of(mailbox, said.text("lab"), said, call)
    changes, expected = complete(_changes(wiring.ledger_of(wanted), mailbox))
    translate = translator(said.language(call.language))
    if said.choice("format", ADMIN_FORMATS) == "json":
        from reports import setting_json

        return _hand_over(setting_json.history(mailbox, changes, expected), said, call.language)
    from reports.setting import history

    return _hand_over(history(mailbox, changes, expected, translate, answer.width(said)), said, call.language)


async def _changes(ledger_at: str | None, mailbox: str) -> tuple[tuple[Change, ...], Expectation | None]:
    try:
        async with wiring.ledger_if_there(ledger_at) as ledger:
            if ledger is None:
                return (), None
            own = await ledger.changes(mailbox=mailbox)
            return own, expectation(await ledger.changes(tenant=own[0].intent.tenant)) if own else None
    except LedgerError as problem:
        raise InvalidInputError(problem.sentence) from None


def _settings(call: Call, asked: Sequence[Option]) -> Settings:
    said = settings(call.options, call.environment, asked, tables=(ADMIN,))
    said.choice("format", ADMIN_FORMATS)
    answer.check(said, call.language)
    return said


def _deliver(found: Told, said: Settings, language: str) -> int:
    translate = translator(said.language(language))
    if said.choice("format", ADMIN_FORMATS) == "json":
        from reports import setting_json

        report = setting_json.render(found, translate)
    else:
        from reports.setting import render

        report = render(found, translate, answer.width(said))
    return _hand_over(report, said, said.language(language), told(found))


def _hand_over(report: str, said: Settings, language: str, code: int = 0) -> int:
    """Put the report where it was asked for; where that fails it is printed, and what was done stays what it is."""
    if (failure := answer.hand_over(report, said)) is not None:
        if not code:
            raise failure
        print(f"diag: {failure.sentence.in_language(translator(language))}", file=sys.stderr)  # noqa: T201 - beside the report
    return code
