"""What a person is told of an explanation, in the order they need it; text and Markdown only lay it out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from diag.explanation import Explanation, Finding, SuspectedCause
from diag.sentence import Sentence, say
from reports.advice import Ask, asks, for_nothing, for_unknown
from reports.codes import Code, of_number, of_panel
from reports.kinds import Kind, grouped, is_decided, kind
from reports.reader import CauseTold, Reader, Reason, cause_told
from reports.remedy import MAILBOX, Step
from reports.wording import CERTAINTIES, SURENESS, inside, shown

_LINES_NAMED = 5
_LINES_QUOTED = 8  # of a record, which may be a whole traceback
_REASONS = 5
_VALUES = 10  # ids of one group, for the support
_GROUPS = 50  # a log with more kinds of findings is for a program to read
_BEFORE = 24  # characters in front of a code that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the summary: where, the words as they came, and what they speak of."""

    where: str
    quoted: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Everything about findings that are told together.

    `best` is the cause that they point to, None where they point to none; `others` are then all that it can be.
    `quoted` is empty where the reader has the text at hand. `steps` are what to do where there is no cause to mend.
    """

    headline: str
    notes: tuple[str, ...]
    where: str
    quoted: tuple[str, ...]
    best: CauseTold | None
    codes: tuple[Code, ...]
    told: tuple[str, ...]
    asks: tuple[Ask, ...]
    others: tuple[CauseTold, ...]
    steps: tuple[Step, ...]
    support: tuple[tuple[str, str], ...]

    @property
    def tells_more(self) -> bool:
        """Whether more stands where `best` says: all that the command tells is here where it was called itself."""
        return self.best is not None and (self.best.is_published or bool(self.best.because))

    @property
    def names_example(self) -> bool:
        """Whether a step holds the catalogue's example address, which stands for the reader's own."""
        return any(MAILBOX in str(step) for step in self.best.steps) if self.best else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`headline` and `rows` where there are several findings or none; `more` says what was left out.

    `steps` are what to do where there are none.
    """

    headline: str
    steps: tuple[Step, ...]
    rows: tuple[Row, ...]
    more: str
    blocks: tuple[Block, ...]


def _once(values: Iterable[Sentence], limit: int = _REASONS) -> tuple[Sentence, ...]:
    return tuple(islice(dict.fromkeys(values), limit))


def _where(findings: Sequence[Finding], reader: Reader) -> str:
    """Name the lines, the first few by number."""
    lines = sorted({line for finding in findings for line in finding.lines})
    named = ", ".join(map(str, lines[:_LINES_NAMED]))
    if len(lines) == 1:
        return reader.say(say("Line {line}", line=lines[0]))
    if len(lines) <= _LINES_NAMED:
        return reader.own(say("Lines {lines}")).format(lines=named)
    return reader.own(say("Lines {lines} and {count} more")).format(lines=named, count=len(lines) - _LINES_NAMED)


def _brief(finding: Finding) -> str:
    """The words of a finding on one line, from shortly before its code."""
    numbers = (f"{before}{one.number}" for one in finding.numbers for before in ("AADSTS", ""))
    marks = [mark for mark in (finding.code, finding.enhanced, *numbers) if mark]
    lines = finding.text.splitlines() or [""]
    line = next((line for line in lines if any(mark in line for mark in marks)), lines[0])
    at = min((line.find(mark) for mark in marks if mark in line), default=0)
    return line if at <= _BEFORE else f"... {line[at:]}"


def _unknown(group: Sequence[Finding], reader: Reader) -> str:
    finding = group[0]
    if finding.numbers:
        numbers = dict.fromkeys(f"AADSTS{number.number}" for one in group for number in one.numbers)
        named = ", ".join(islice(numbers, _VALUES))
        return reader.own(say("diag does not know {numbers}, and can name no cause.")).format(numbers=named)
    if finding.code or finding.enhanced:
        return reader.own(say("diag does not know this reply, and can name no cause."))
    return reader.own(say("diag does not know this code, and can name no cause."))


def _headline(group: Sequence[Finding], best: CauseTold | None, reader: Reader) -> str:
    """Say in one sentence what it is, and how sure that is."""
    finding = group[0]
    match kind(finding):
        case Kind.UNKNOWN:
            return _unknown(group, reader)
        case Kind.STATE:
            codes = ", ".join(f"{code.vendor} {code.code}" for code in finding.panel_codes)
            return reader.own(say("{code} is no error.")).format(code=reader.prose(codes))
        case Kind.LOOKED_UP if best:
            return f"{best.title}."
        case _ if best:
            title = inside(best.title, reader.language)
            named = reader.own(say("Cause: {title}.")).format(title=title)
            return f"{named} {reader.own(SURENESS[_surest(group).certainty])}"
        case _:
            count = len(finding.causes)
            text = say("This text alone does not tell which of {count} causes it is.", count=count)
            code = say("This code alone does not tell which of {count} causes it is.", count=count)
            return reader.say(code if finding.panel_codes else text)


def _support(group: Sequence[Finding], reader: Reader) -> tuple[tuple[str, str], ...]:
    found = ((reader.own(one.label), shown(one.value)) for finding in group for one in finding.ids)
    return tuple(islice(dict.fromkeys(found), _VALUES))


def _surest(group: Sequence[Finding]) -> SuspectedCause:
    """Return the best cause of a group that points to one, as sure as it ever is."""
    return min((finding.causes[0] for finding in group), key=lambda one: one.certainty.rank)


def _best(group: Sequence[Finding], reader: Reader) -> CauseTold | None:
    """Tell the cause that a group points to."""
    if not is_decided(group[0]):
        return None
    suspected = _surest(group)
    reasons = _once(
        chain.from_iterable((*finding.told, *(one.because for one in finding.causes[:1])) for finding in group)
    )
    looked_up = kind(group[0]) is Kind.LOOKED_UP
    because = () if looked_up else tuple(Reason(reader.say(reason)) for reason in reasons)
    return cause_told(suspected.cause, suspected.certainty, reader, because=because)


def _notes(group: Sequence[Finding], reader: Reader) -> Iterator[str]:
    """Yield what is to be known before anything is mended."""
    if any(finding.route == "bounce" for finding in group):
        taken = say("The server had taken the message before this came back: the device and its sign-in work.")
        yield reader.own(taken)
    first = group[0]
    if not is_decided(first) and (first.causes or not (first.code or first.enhanced)):
        yield from map(reader.say, _once(chain.from_iterable(finding.told for finding in group)))


def _quoted(finding: Finding) -> tuple[str, ...]:
    lines = finding.text.splitlines()
    left = ("...",) if len(lines) > _LINES_QUOTED else ()
    return (*(shown(line) for line in lines[:_LINES_QUOTED]), *left)


def _block(group: Sequence[Finding], reader: Reader, *, at_hand: bool) -> Block:
    """Tell of findings together; what is `at_hand`, a line that was just typed, is not quoted."""
    best = _best(group, reader)
    numbers = dict.fromkeys(number for finding in group for number in finding.numbers)
    panel = tuple(dict.fromkeys(code for finding in group for code in finding.panel_codes))
    codes = [of_number(number.number, number.entry, reader) for number in islice(numbers, _VALUES)]
    causes = Explanation(lines=0, findings=tuple(group)).causes
    rest = [one for one in causes if best is None or one.cause.id != best.id]
    unknown, looked_up = (kind(group[0]) is one for one in (Kind.UNKNOWN, Kind.LOOKED_UP))
    at_hand = at_hand or looked_up
    by_code = unknown and bool(group[0].code or group[0].enhanced)
    said = chain.from_iterable(finding.told for finding in group) if by_code else ()
    return Block(
        headline=_headline(group, best, reader),
        notes=tuple(_notes(group, reader)),
        where="" if at_hand else _where(group, reader),
        quoted=() if at_hand else _quoted(group[0]),
        best=best,
        codes=(*codes, *(of_panel(code, reader) for code in panel)),
        told=tuple(map(reader.say, _once(said))),
        asks=tuple(asks(group, panel, reader)) if rest else (),
        others=tuple(cause_told(one.cause, one.certainty, reader) for one in rest),
        steps=tuple(for_unknown(group, reader)) if unknown else (),
        support=_support(group, reader),
    )


def _means(group: Sequence[Finding], reader: Reader) -> str:
    """What a line of the summary says that its words speak of."""
    finding = group[0]
    match kind(finding):
        case Kind.STATE:
            return reader.own(say("no error"))
        case Kind.UNKNOWN:
            return reader.own(say("unknown to diag"))
        case _ if is_decided(finding):
            best = _surest(group)
            title = reader.prose(best.cause.title.in_language(reader.language))
            return f"{title} ({reader.own(CERTAINTIES[best.certainty])})"
        case _:
            return reader.own(say("one of {count} causes")).format(count=len(finding.causes))


def _kept(groups: Sequence[tuple[Finding, ...]]) -> Sequence[tuple[Finding, ...]]:
    """Return the groups that are told: those that accuse a cause go before what nobody knows."""
    first = sorted(range(len(groups)), key=lambda at: kind(groups[at][0]) is not Kind.ACCUSES)
    return [groups[at] for at in sorted(first[:_GROUPS])]


def tell(explanation: Explanation, reader: Reader, *, at_hand: bool) -> Telling:
    """Put an explanation into the reader's words; one line that the reader has `at_hand` is not quoted."""
    at_hand = at_hand and explanation.lines <= 1
    findings, groups = explanation.findings, grouped(explanation.findings)
    kept = _kept(groups)
    nothing = say("Nothing in this text speaks of a fault that diag knows; that does not mean that all is well.")
    several = say("{count} findings in {lines} lines.", count=len(findings), lines=explanation.lines)
    left = say("{count} more kinds of findings are left out here; --format json lists them all.")
    return Telling(
        headline="" if len(findings) == 1 else reader.say(several if findings else nothing),
        steps=() if findings else tuple(for_nothing(explanation, reader)),
        rows=tuple(
            Row(where=_where(group, reader), quoted=_brief(group[0]), means=_means(group, reader))
            for group in kept
            if len(groups) > 1
        ),
        more=reader.own(left).format(count=len(groups) - len(kept)) if len(groups) > len(kept) else "",
        blocks=tuple(_block(group, reader, at_hand=at_hand) for group in kept),
    )
