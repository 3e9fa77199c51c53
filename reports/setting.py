"""What there is to tell about a mailbox's setting and its changes; text and JSON only lay it out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diag.change import (
    UNDER_WAY,
    Changed,
    NotDone,
    Nothing,
    Overtaken,
    Plan,
    Refused,
    Result,
    Unsettled,
    in_words,
    when,
)
from diag.language import Translate
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setting import Change, Expectation, Propagation, Setting
from reports.change import PROGRESS, duration, expected, reminder
from reports.page import INDENT, Page
from reports.wording import shown, told

_COMMAND = "{command}"
_BAR = 24  # columns of the longest bar

NOT_PUBLISHED = say("Microsoft publishes no contract for what this speaks")
PUBLISHED = say("a published contract of Microsoft's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command about the setting found out, as far as it came.

    `asked` is the address that was typed. `plan` is what would be changed, `result` what came of changing it;
    `propagation` is a change on its way; `hints` are what to do next.
    """

    mailbox: str
    asked: str = ""
    setting: Setting | NotAnswered | None = None
    plan: Plan | None = None
    result: Result | None = None
    propagation: Propagation | None = None
    closed: tuple[Change, ...] = ()
    under_way: tuple[Change, ...] = ()
    hints: tuple[Sentence, ...] = ()


def _rows(setting: Setting) -> Iterator[tuple[Sentence, Sentence | str]]:
    yield say("The mailbox's own value"), in_words(setting.mailbox)
    organisation = setting.organisation
    unread = say("not readable with this account")
    yield say("The organisation's value"), unread if organisation is None else in_words(organisation)
    yield say("What holds for the mailbox"), in_words(setting.effective)
    published = PUBLISHED if setting.backend.vendor_supported else NOT_PUBLISHED
    yield say("Read through"), say("{backend} ({published})", backend=setting.backend.name, published=published)
    yield say("Read at"), when(setting.observed_at)


def _of_result(result: Result) -> Iterator[Sentence]:
    match result:
        case Changed(shown=words, warnings=warnings):
            yield words
            if warnings:
                yield say("Exchange Online remarks: {words}", words=" ".join(warnings))
        case Nothing():
            yield result.because
        case (
            NotDone(because=because)
            | Overtaken(because=because)
            | Unsettled(because=because)
            | Refused(because=because)
            | NotAnswered(because=because)
        ):
            yield because
    match result:
        case Changed(unrecorded=problem) | NotDone(unrecorded=problem) | Overtaken(unrecorded=problem) if problem:
            yield say("The ledger does not know of it yet; the next run closes it. {problem}", problem=problem)
        case Unsettled(unrecorded=problem) if problem:
            yield problem
        case _:
            pass


def sentences(found: Told) -> Iterator[Sentence]:
    """Yield what is told beside the values, in order."""
    if found.asked and found.asked.casefold() != found.mailbox.casefold():
        yield say("{asked} is another address of the mailbox {mailbox}.", asked=found.asked, mailbox=found.mailbox)
    for change in found.closed:
        yield say(
            "An earlier run left change {number} open; by what was read now it is: {progress}.",
            number=change.id,
            progress=PROGRESS[change.progress],
        )
    for change in found.under_way:
        yield say(
            "{operator} began to change it at {time}, and what came of it is not known yet: it may still be under way"
            " until {later}.",
            operator=change.intent.operator,
            time=when(change.steps[0].at),
            later=when(change.steps[0].at + UNDER_WAY),
        )
    if isinstance(found.setting, NotAnswered):
        yield found.setting.because
    if found.plan is not None and found.result is None:
        yield from found.plan.shown
    if found.result is not None:
        yield from _of_result(found.result)
    if found.propagation is not None:
        yield from reminder(found.propagation)
    yield from found.hints


def render(found: Told, translate: Translate, width: int) -> str:
    """Return it for a terminal."""
    page = Page(width, translate)
    if isinstance(found.setting, Setting) and found.plan is None and found.result is None:
        page.paragraph(shown(found.mailbox), "")
        rows = [
            (page.word(label), told(value, translate) if isinstance(value, Sentence) else value)
            for label, value in _rows(found.setting)
        ]
        widest = max(len(label) for label, _ in rows)
        for label, value in rows:
            page.paragraph(value, f"{INDENT}{label:<{widest}}  ")
    for sentence in sentences(found):
        _set(page, sentence, translate)
    if found.plan is not None and found.result is None:
        page.paragraph(page.word(say("In Exchange Online PowerShell the same change is:")), "")
        page.lines.append(INDENT + shown(found.plan.cmdlet))
    return "\n".join(page.lines) + "\n"


def _set(page: Page, sentence: Sentence, translate: Translate) -> None:
    """Set a sentence; a command that it ends with keeps to a line of its own, so that it can be pasted."""
    commands = [str(value) for name, value in sentence.values if name == "command"]
    if not commands or not sentence.text.endswith(_COMMAND):
        page.paragraph(told(sentence, translate), "")
        return
    if lead := told(sentence, translate).removesuffix(commands[0]).rstrip():
        page.paragraph(lead, "")
    page.lines.append(INDENT + shown(commands[0]))


def history(
    mailbox: str, changes: Sequence[Change], tenant: Expectation | None, translate: Translate, width: int
) -> str:
    """Return the changes of a mailbox, the newest first, how long each took as bars, and what the tenant's took."""
    page = Page(width, translate)
    if not changes:
        nothing = say("The ledger knows of no change of {mailbox}.", mailbox=mailbox)
        page.paragraph(told(nothing, translate), "")
        return "\n".join(page.lines) + "\n"
    page.paragraph(shown(mailbox), "")
    longest = max((change.took_s or 0 for change in changes), default=0)
    for change in changes:
        intent = change.intent
        page.lines.append("")
        head = say(
            "Change {number}, {time}: {before} to {after}",
            number=change.id,
            time=when(change.steps[0].at),
            before=in_words(intent.before),
            after=in_words(intent.after),
        )
        page.paragraph(told(head, translate), INDENT)
        page.paragraph(page.pair(page.word(say("By")), shown(intent.operator)), INDENT * 2)
        if intent.ticket:
            page.paragraph(page.pair(page.word(say("Ticket")), shown(intent.ticket)), INDENT * 2)
        if intent.undoes is not None:
            page.paragraph(told(say("It undoes change {number}.", number=intent.undoes), translate), INDENT * 2)
        page.paragraph(
            page.pair(page.word(say("What came of it")), told(PROGRESS[change.progress], translate)), INDENT * 2
        )
        if (seconds := change.took_s) is not None:
            bar = "#" * max(1, round(_BAR * seconds / longest)) if longest > 0 else "#"
            page.lines.append(f"{INDENT * 2}{bar} {told(duration(seconds), translate)}")
    page.lines.append("")
    page.paragraph(told(expected(tenant), translate), "")
    return "\n".join(page.lines) + "\n"
