"""Deliver the report of a run: to whom the file of deliveries says, and again to those who have not got it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from diag import wiring
from diag.cli import answer
from diag.cli.command import Call
from diag.cli.exits import Exit
from diag.cli.health_reading import Reading, chosen, content_of, history_at
from diag.cli.loop import complete
from diag.cli.options import HEALTH, Option
from diag.cli.settings import Settings, settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.health.delivering import Ended, NotTaken, NotWanted, Round, Taken
from diag.health.delivery import Attachment, Message, Recipient
from diag.health.recipients import recipients_of
from diag.health.report import HealthReport
from diag.health.result import Status
from diag.health.run import History, Run
from diag.language import translator
from diag.logs import configure
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable
from diag.wiring.delivering import deliveries
from diag.wiring.fleet import Fleet, Inventoried, fleet
from reports import HEALTH_FORMATS, render_health


def recipients(said: Settings) -> tuple[Recipient, ...]:
    """Return who gets the report, by the file of deliveries; nobody without one. Raises `InvalidInputError`."""
    path = said.path("deliver")
    return () if path is None else recipients_of(content_of(said, "deliver"), printable(str(path), 200))


def message_of(report: HealthReport, said: Settings, language: str) -> Message:
    """Put a report into the form in which it is delivered."""
    from reports import health_json, health_nagios, health_words
    from reports.reader import Reader

    wanted, docs = said.language(language), said.web_address("docs-url")
    number = report.run.id
    state = health_nagios.nagios_state(report).name.lower()
    return Message(
        subject=health_words.verdict(report, Reader(language=wanted, translate=translator(wanted))),
        text=render_health("markdown", report, language=wanted, docs_url=docs),
        status=state,  # type: ignore[arg-type] # the four words are the same
        run=number,
        attachments=(
            Attachment(
                name=f"diag-health-{number}.csv",
                media_type="text/csv",
                content=render_health("csv", report, language=wanted).encode(),
            ),
            Attachment(
                name=f"diag-health-{number}.json",
                media_type="application/json",
                content=health_json.render(report, language=wanted, docs_url=docs).encode(),
            ),
        ),
        changed=report.has_news or bool(report.flapping),
        statuses=frozenset(status for status in Status if report.unmuted[status]),
    )


@dataclass(slots=True)
class Delivering:
    """What delivering works with in one command."""

    ground: Fleet
    person: Terminal
    history: History
    said: Settings
    call: Call

    @property
    def _round(self) -> Round:
        named = self.said.path("deliver")
        translate = translator(self.said.language(self.call.language))
        post = deliveries(self.ground, self.call.environment, named.parent if named else None, translate)
        return Round(post=post, clock=self.ground.clock, person=self.person, history=self.history)

    async def begin(self, run: Run, to: Sequence[Recipient]) -> None:
        """Tell those who want to know that a run begins."""
        if to:
            await self._round.begin(run.id, to)

    async def deliver(self, report: HealthReport, to: Sequence[Recipient]) -> bool:
        """Deliver a report, and say what came of it; whether everybody who wants it has it."""
        if not to:
            return True
        ended = await self._round.deliver(message_of(report, self.said, self.call.language), to)
        again = _again(report.run.id, self.said)
        for one in ended:
            self.person.say(_told(one, again))
        return not any(isinstance(one, NotTaken) for one in ended)


def _again(run: int, said: Settings) -> str:
    """The command that delivers the report of a run to those who have not got it, as it was configured here."""
    named = ((name, said.values[name].text) for name in ("deliver", "lab", "ledger") if name in said.values)
    return shlex.join(["diag", "health", "deliver", "--run", str(run), *(w for n, t in named for w in (f"--{n}", t))])


def _told(ended: Ended, again: str) -> Sentence:
    match ended:
        case Taken(to=to, note=note):
            return (
                say("{to} got the report.", to=to)
                if note is None
                else say("{to} got the report. {note}", to=to, note=note)
            )
        case NotWanted():
            return say("{to} gets no report: {because}", to=ended.to, because=ended.because)
        case NotTaken():
            return say(
                "{to} did not get the report: {because} It is kept; this tries again: {command}",
                to=ended.to,
                because=ended.because,
                command=again,
            )


def deliver_again(call: Call, asked: Sequence[Option]) -> int:
    """Deliver the report of a run to those who have not got it yet; returns the exit code."""
    said = settings(call.options, call.environment, asked, tables=(HEALTH,))
    answer.check(said, call.language, HEALTH_FORMATS)
    to, level = recipients(said), log_level(call)
    if not to:
        raise InvalidInputError(say("Say who gets the report: --deliver FILE."))
    wanted = options_of(None, said.text("lab"), said, call)
    person = Terminal(translator(said.language(call.language)), verbose=said.verbose)

    async def work(ground: Fleet) -> bool:
        async with history_at(wiring.ledger_of(wanted)) as history:
            run = await chosen(history, said)
            if run.finished_at is None and not said.is_set("run"):
                raise InvalidInputError(
                    say("Run {number} has not come to its end; --run {number} delivers it all the same.", number=run.id)
                )
            left = await _left(history, run, to)
            if said.is_set("dry-run"):
                for one in left:
                    person.say(say("{to} would get the report of run {number}.", to=one.shown, number=run.id))
                return True
            if not left:
                person.say(say("Everybody has the report of run {number}.", number=run.id))
                return True
            report = await Reading.of(said).report(history, run, ground.clock.now())
            return await Delivering(ground, person, history, said, call).deliver(report, left)

    with person, fleet(wanted, person, Inventoried(), call.environment) as ground:
        configure(level, ground.redactor.clean)
        return Exit.HEALTHY if complete(work(ground)) else Exit.CAUSE_FOUND


async def _left(history: History, run: Run, to: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Return those who have not got the report of a run."""
    taken = {delivery.to for delivery in await history.deliveries(run.id) if delivery.because is None}
    return tuple(one for one in to if one.shown not in taken)
