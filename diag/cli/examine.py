"""Examine one mailbox: options into ports, evidence into a diagnosis; switch on and wait, where that is asked for."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace

import checks
from diag import __version__, catalogue, pipeline, wiring
from diag.change import Changed
from diag.cli import answer
from diag.cli.changing import Desk, Wish
from diag.cli.command import Call
from diag.cli.lab import scenario
from diag.cli.loop import complete
from diag.cli.settings import Settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.diagnosis import Diagnosis
from diag.evidence import Evidence
from diag.gather import again
from diag.language import translator
from diag.logs import configure
from diag.ports import Ledger, Ports
from diag.sentence import say
from diag.setting import LedgerError, Switch
from diag.subject import InvalidInputError, address
from diag.watch import watch
from reports.setting import sentences


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked for beside the diagnosis: to switch the setting on, and to wait so many seconds at most."""

    fix: Wish | None
    wait_s: float | None


def examine(mailbox: str | None, lab: str | None, said: Settings, call: Call) -> tuple[Diagnosis, Evidence]:
    """Examine `mailbox` (None: the lab's scenario as it is written), and run the errands that are asked for."""
    if mailbox is not None:
        address(mailbox)
    answer.check(said, call.language)
    level, errand = log_level(call), _errand(said)
    wanted = replace(options_of(mailbox, lab, said, call), lab_remembers=mailbox is not None)
    person = _terminal(mailbox, lab, said, call)
    administrator = replace(person, administrator=True)
    with person, administrator, wiring.examination(wanted, person, administrator=administrator) as found:
        if errand.fix is not None and found.administration is None:
            raise InvalidInputError(
                say("--fix needs an administrator: give --admin-client-id ID, or sign in once with diag login --keep.")
            )
        configure(level, found.redactor.clean)
        if (note := wiring.remembered(wanted)) is not None:
            person.say(note)
        person.account = found.subject.mailbox
        return complete(_examined(found, _ledger(wanted, errand), errand, administrator))


def _errand(said: Settings) -> Errand:
    wish = Wish(value=Switch.ON, yes=said.is_set("yes"), anyway=said.is_set("anyway"), ticket=said.text("ticket"))
    return Errand(wish if said.is_set("fix") else None, said.duration("wait"))


def _terminal(mailbox: str | None, lab: str | None, said: Settings, call: Call) -> Terminal:
    return Terminal(
        translator(said.language(call.language)),
        account=mailbox,
        simulated=lab is not None and scenario(lab).device_code.outcome == "approved",
        verbose=said.verbose,
    )


def _ledger(wanted: wiring.Options, errand: Errand) -> AbstractAsyncContextManager[Ledger | None]:
    """Open the ledger: made where something is to be changed, none where a lab is shown as it is written."""
    if wanted.lab is not None and not wanted.lab_remembers:
        return nullcontext(None)
    at = wiring.ledger_of(wanted)
    return wiring.ledger_if_there(at) if errand.fix is None else wiring.ledger_or_why_not(at)


async def _examined(
    found: wiring.Examination,
    opening: AbstractAsyncContextManager[Ledger | None],
    errand: Errand,
    administrator: Terminal,
) -> tuple[Diagnosis, Evidence]:
    """Ask, judge, switch on, and watch a change that is on its way, as far as the errand says."""
    if found.administration is not None:
        await found.administration.administrator.ready()
    async with opening as ledger:
        ports, knowledge = replace(found.ports, ledger=ledger), catalogue.load()
        evidence, diagnosis = await pipeline.run(found.subject, ports, checks.CHECKS, knowledge, __version__)
        if errand.fix is not None and found.administration is not None and ledger is not None:
            desk = Desk(found.administration, ledger, administrator)
            evidence = await _fixed(desk, diagnosis, evidence, ports, errand.fix)
            diagnosis = pipeline.replay(evidence, checks.CHECKS, knowledge)
        if errand.wait_s is not None:
            evidence, diagnosis = await watch(
                evidence, diagnosis, ports, checks.CHECKS, knowledge, wait_s=errand.wait_s
            )
    return diagnosis, evidence


async def _fixed(desk: Desk, diagnosis: Diagnosis, evidence: Evidence, ports: Ports, wish: Wish) -> Evidence:
    """Switch the setting on, where that is the cure, and return what is found afterwards."""
    if not diagnosis.is_switched_off:
        first = say("Nothing was changed: switching Authenticated SMTP on is not what is needed here.")
        later = say("Nothing was changed: another cause comes first. Authenticated SMTP is to be switched on as well.")
        desk.person.say(later if diagnosis.is_switched_off_too else first)
        return evidence
    try:
        told = await desk.make(evidence.subject.mailbox, wish)
    except LedgerError as problem:  # nothing was sent; the diagnosis stands
        desk.person.say(say("Nothing was changed. {why}", why=problem.sentence))
        return evidence
    for sentence in sentences(replace(told, hints=(), propagation=None) if told.result else told):
        desk.person.say(sentence)
    if told.plan is not None and told.result is None:
        desk.person.say(say("In Exchange Online PowerShell the same change is: {command}", command=told.plan.cmdlet))
    if not isinstance(told.result, Changed) or ports.ledger is None:
        return evidence
    return await pipeline.follow(await again(evidence, ports), ports.ledger, ports.clock.now())
