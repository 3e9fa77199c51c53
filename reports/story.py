"""What a person is told, in the order they need it; text and Markdown only lay it out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from diag.diagnosis import Diagnosis, Finding, Judged, Verdict
from diag.evidence import Dialogue, Evidence, NotAsked, Refusal, Reply
from diag.obstacle import NotAnswered
from diag.outcome import Broken, Certainty, Failed, Passed, Skipped
from diag.sentence import Sentence, say
from diag.setting import Propagation
from diag.stage import Stage
from reports.change import reminder
from reports.more import more
from reports.reader import CauseTold, Reader, Reason, cause_told
from reports.verdict import headline, outcome_word, rivals
from reports.wording import SURENESS, inside, seconds, shown

_LONG = 60  # a quotation from here on does not fit into a line
_REFUSED = 400  # an SMTP reply from here on is a refusal
# Exchange Online ends its refusals with the server, the time and an id, which Microsoft's support can search for.
_TAIL = re.compile(r"\[([^\[\]\s]+\s+\d{4}-\d\d-\d\dT[^\[\]]*)\]\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One check of the ladder: its outcome in a word, how long it took, its question, what was found or why not."""

    outcome: str
    took: str
    title: str
    found: str
    is_skipped: bool


@dataclass(frozen=True, slots=True)
class Together:
    """Checks that were skipped for one reason: what to say of them all, and their questions where they are told."""

    text: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything a report tells, but for the certificates and the transcript.

    `sureness` is empty, and `is_named` false, where the headline does not name the best cause. `also` are causes that
    stand beside the best one, `others` those that compete with it; `unanswered` are reasons and the questions each
    of them kept from being put, where the answer was needed; `support` are labels and values.
    """

    headline: str
    is_named: bool
    sureness: str
    best: CauseTold | None
    also: tuple[CauseTold, ...]
    others: tuple[CauseTold, ...]
    notes: tuple[str, ...]
    unanswered: tuple[tuple[str, tuple[str, ...]], ...]
    ladder: tuple[Rung | Together, ...]
    support: tuple[tuple[str, str], ...]


def _refusals(evidence: Evidence) -> tuple[Refusal, ...]:
    asked = (evidence.sign_in.acquisition, evidence.sign_in.discovery)
    return tuple(answer for answer in asked if isinstance(answer, Refusal))


def _answer(finding: Finding, diagnosis: Diagnosis, evidence: Evidence) -> tuple[str, ...]:
    """The lines of the refusal that a finding rests on; the last, where several of its checks met one."""
    for judged in reversed(diagnosis.judged):
        if judged.check.id not in finding.checks:
            continue
        if judged.check.stage is Stage.SIGN_IN:
            for refusal in _refusals(evidence):
                return tuple(refusal.description.splitlines()) or (refusal.error,)
        elif isinstance(evidence.dialogue, Dialogue):
            reply = evidence.dialogue.reply(judged.check.stage)
            if reply and reply.code >= _REFUSED:
                return tuple(f"{reply.code} {line}" for line in reply.lines) or (str(reply.code),)
    return ()


def _reason(sentence: Sentence, answer: tuple[str, ...], reader: Reader) -> Reason:
    """Set a long quotation at the end of a sentence apart, so that it can be searched for and pasted whole.

    Where it is the beginning of `answer`, all of that is quoted: what was left out may be the part to search for.
    """
    whole = reader.say(sentence)
    for _, value in sentence.values:
        if isinstance(value, str) and len(value) > _LONG and whole.endswith(quoted := reader.quote(value)):
            said = shown(value)
            code = answer[0].partition(" ")[0] if answer else ""
            whole_answer = " ".join((code, *(line.removeprefix(f"{code} ") for line in answer)))
            is_answer = bool(answer) and (whole_answer.startswith(said) or " ".join(answer).startswith(said))
            return Reason(whole.removesuffix(quoted).rstrip(), answer if is_answer else (said,))
    return Reason(whole)


def _cause(finding: Finding, diagnosis: Diagnosis, evidence: Evidence, reader: Reader) -> CauseTold:
    verbatim = tuple(shown(line) for line in _answer(finding, diagnosis, evidence))
    because = tuple(_reason(sentence, verbatim, reader) for sentence in finding.because)
    if any(reason.quoted == verbatim for reason in because):
        verbatim = ()
    return cause_told(
        finding.cause,
        finding.certainty,
        reader,
        because=because,
        verbatim=verbatim,
        subject=diagnosis.subject,
    )


def _rung(judged: Judged, reader: Reader) -> Rung:
    match judged.outcome:
        case Passed(shown=found) | Failed(shown=found) | Skipped(because=found):
            detail = reader.say(found)
        case Broken(error=error):
            detail = reader.quote(error)
    timed = judged.check.timed and not isinstance(judged.outcome, Skipped)
    return Rung(
        outcome=reader.own(outcome_word(judged.outcome)),
        took=seconds(judged.duration_ms, reader.translate) if timed else "",
        title=reader.say(judged.check.title),
        found=detail,
        is_skipped=isinstance(judged.outcome, Skipped),
    )


def _ladder(diagnosis: Diagnosis, reader: Reader) -> Iterator[Rung | Together]:
    """Every check in its order; those in a row that were skipped for one reason are told together."""
    steps = (judged for judged in diagnosis.judged if judged.check.stage is not Stage.DIRECTORY)
    rungs = (_rung(judged, reader) for judged in steps)
    for (is_skipped, because), alike in groupby(rungs, key=lambda rung: (rung.is_skipped, rung.found)):
        row = tuple(alike)
        yield from (_together(because, row, reader),) if is_skipped and len(row) > 1 else row
    yield from _administrators(diagnosis, reader)


def _together(because: str, row: tuple[Rung, ...], reader: Reader) -> Together:
    text = reader.own(say("{outcome}, since {because}:")).format(outcome=row[0].outcome, because=because)
    return Together(text, tuple(rung.title for rung in row))


def _administrators(diagnosis: Diagnosis, reader: Reader) -> Iterator[Rung | Together]:
    """What only administrators can see: the answers, then what was skipped, by its reason.

    A reason that leaves most of these questions out, as when no administrator is signed in, takes one line, so that it
    does not drown the steps.
    """
    rungs = [_rung(judged, reader) for judged in diagnosis.judged if judged.check.stage is Stage.DIRECTORY]
    by_reason: dict[str, list[Rung]] = {}
    for rung in rungs:
        if rung.is_skipped:
            by_reason.setdefault(rung.found, []).append(rung)
        else:
            yield rung
    for because, row in by_reason.items():
        if len(row) == 1:
            yield row[0]
        elif len(row) * 2 <= len(rungs):
            yield _together(because, tuple(row), reader)
        else:
            left = say("{outcome}, since {because}: what only administrators can see ({count} questions)")
            yield Together(
                reader.own(left).format(outcome=row[0].outcome, because=because, count=len(row)),
                (),
            )


def _unanswered(diagnosis: Diagnosis, reader: Reader) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The essential questions that could not be put, by the reason why."""
    by_reason: dict[str, list[str]] = {}
    for rung in (_rung(judged, reader) for judged in diagnosis.unanswered):
        by_reason.setdefault(rung.found, []).append(rung.title)
    return tuple((because, tuple(titles)) for because, titles in by_reason.items())


def _notes(diagnosis: Diagnosis, evidence: Evidence, reader: Reader) -> Iterator[str]:
    if diagnosis.verdict is Verdict.HEALTHY and diagnosis.subject.recipient is None:
        yield reader.say(say("No message was sent; to send one real test message, add --to ADDRESS."))
    if diagnosis.verdict is Verdict.HEALTHY:
        where = reader.quote(more("only_device_fails", reader.language, reader.docs_url))
        yield reader.own(say("If the device still cannot send: {where}")).format(where=where)
    match evidence.propagation:
        case Propagation() as on_way:
            yield " ".join(reader.say(sentence) for sentence in reminder(on_way))
        case NotAnswered(because=because):
            yield reader.say(say("Whether the setting was changed lately is not known: {because}", because=because))
        case None:
            pass
    if diagnosis.broke:
        yield reader.say(say("A check of diag itself broke; please report that."))
    if evidence.sign_in.auth is None and diagnosis.verdict is Verdict.INCONCLUSIVE:
        yield reader.say(
            say("Nobody signed in: give --client-id ID (device code) or --token-file FILE to examine the sign-in too.")
        )


def _support(evidence: Evidence, reader: Reader) -> Iterator[tuple[str, str]]:
    for refusal in _refusals(evidence):
        for label, value in (
            (say("Error"), " ".join((refusal.error, *(f"AADSTS{code}" for code in refusal.codes)))),
            (say("Trace ID"), refusal.trace_id),
            (say("Correlation ID"), refusal.correlation_id),
            (say("Time of the error"), refusal.timestamp),
            (say("Policies"), ", ".join(refusal.policies)),
        ):
            if value:
                yield reader.own(label), shown(value)
    if isinstance(evidence.dialogue, NotAsked):
        return
    for step in evidence.dialogue.steps:
        match step.answer:
            case Reply(code=code) as reply if code >= _REFUSED and (tail := _TAIL.search(reply.text)):
                yield reader.say(say("Server, time and id of the reply {code}", code=code)), shown(tail[1])
            case _:
                pass


def _stands_beside(finding: Finding) -> bool:
    """Whether a cause does not compete with the best one: it is proven, or explains no failure of today."""
    return finding.certainty is Certainty.PROVEN or finding.cause.severity == "impending"


def tell(diagnosis: Diagnosis, evidence: Evidence, reader: Reader) -> Story:
    """Put a diagnosis into the reader's words."""
    subject, best = diagnosis.subject, diagnosis.best
    causes = [_cause(finding, diagnosis, evidence, reader) for finding in diagnosis.findings]
    rest = list(zip(causes, map(_stands_beside, diagnosis.findings), strict=True))[1:]
    first = headline(diagnosis, evidence)
    is_named = best is not None and "{title}" in first.text
    return Story(
        headline=reader.own(first).format(
            mailbox=reader.quote(subject.mailbox),
            recipient=reader.quote(subject.recipient or ""),
            host=reader.quote(subject.smtp_host),
            title=inside(causes[0].title, reader.language) if causes else "",
            count=rivals(diagnosis),
        ),
        is_named=is_named,
        sureness=reader.own(SURENESS[best.certainty]) if best and is_named else "",
        best=causes[0] if causes else None,
        also=tuple(cause for cause, is_beside in rest if is_beside),
        others=tuple(cause for cause, is_beside in rest if not is_beside),
        notes=tuple(_notes(diagnosis, evidence, reader)),
        unanswered=_unanswered(diagnosis, reader) if diagnosis.verdict is Verdict.INCONCLUSIVE else (),
        ladder=tuple(_ladder(diagnosis, reader)),
        support=tuple(dict.fromkeys(_support(evidence, reader))),
    )
