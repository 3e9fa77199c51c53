"""From a text to what it says: record by record, the sentence before the code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from diag.catalogue import AadstsEntry, Circumstances, Match, PanelCode, decide, load, readings
from diag.catalogue.words import plain
from diag.explanation import classes, panel, sign_in
from diag.explanation.context import Session, circumstances, is_about_mail, route
from diag.explanation.findings import Explanation, Finding, Number, Question, SuspectedCause
from diag.explanation.lines import NOT_SIGNED_IN, REFUSALS, Line, read_line
from diag.explanation.records import Record, records
from diag.outcome import Certainty
from diag.secret import scrub
from diag.sentence import Sentence, say
from diag.subject import Account

_LONGEST = 2_000  # characters of a finding's text
_LOOKED_AT = 8_000  # characters of a record that the text is made of
_NUMBER_ALONE = re.compile(r"\s*(?:AADSTS)?\s?(\d{5,8})\s*", re.IGNORECASE)
_ENDS = re.compile(
    r" (?:smtp|e mail|email|mail|scan|mfp|printer)(?: (?:server|error|code|response|status)){1,3} \d{3} $"
)
# The words around a code that somebody reads off a panel; some panels put an E before the server's code.
_FILLER = re.compile(
    "a|code|de|e|échec|email|envoi|err|erreur|error|errore|failed|fehler|from|got|la|le|mail|mfp|no|nr|of|panel|printer"
    "|response|responsecode|réponse|says|scan|scanner|send|sending|server|serveur|shows|smtp|status|the|to"
)
_NUMBER_HINTS = ("aadsts", "error code", "errorcode", "error_code", "erreur", "resulttype", "statuscode", "status_code")
_REFUSED = "535"
_WAITING = frozenset((50058, 50140, 50199, 70016))  # steps of a sign-in that goes on: beside a fault they say nothing
_FEW = 5  # records; with more a text is a log, which may be of anything
_NEAR = 10  # lines within which a program repeats what it was told
# What happens on the way to the sign-in service is another cause than the same on the way to the mail server.
_SIGN_IN_HOSTS = (
    " login microsoftonline ",
    " login microsoft ",
    " login windows ",
    " login partner ",
    " login chinacloudapi ",
)
_AT_SIGN_IN = dict.fromkeys(
    ("dns_failure", "connection_refused", "port_blocked", "host_unreachable", "connection_dropped", "server_silent"),
    "sign_in_unreachable",
) | dict.fromkeys(
    (
        "certificate_untrusted",
        "certificate_chain_incomplete",
        "tls_intercepted",
        "certificate_wrong_name",
        "tls_handshake_failed",
    ),
    "sign_in_tls_untrusted",
)
_NAMED = {
    Certainty.PROVEN: say("AADSTS{number} names this cause itself.", number=0),
    Certainty.LIKELY: say("AADSTS{number} points to this cause.", number=0),
    Certainty.POSSIBLE: say("AADSTS{number} fits this cause, but others as well.", number=0),
}
_SHOWN = {
    Certainty.PROVEN: say("{vendor} {code} names this cause itself.", vendor="", code=""),
    Certainty.LIKELY: say("{vendor} {code} points to this cause.", vendor="", code=""),
    Certainty.POSSIBLE: say("{vendor} {code} fits this cause, but others as well.", vendor="", code=""),
}
_ITSELF = say("This is the id of a cause.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller wants explained, and what the caller knows beside the text."""

    vendor: str | None
    told: Circumstances


def _suspected(causes: Sequence[tuple[str, Certainty, Sentence]]) -> tuple[SuspectedCause, ...]:
    """The causes, each once, surest first, else in the order given."""
    best: dict[str, tuple[str, Certainty, Sentence]] = {}
    for one in causes:
        if one[0] not in best or one[1].rank < best[one[0]][1].rank:
            best[one[0]] = one
    ranked = sorted(best.values(), key=lambda one: one[1].rank)
    return tuple(SuspectedCause(load().cause(name), sure, because) for name, sure, because in ranked)


def _by_number(entry: AadstsEntry) -> tuple[str, Certainty, Sentence]:
    return entry.cause, entry.certainty, Sentence(_NAMED[entry.certainty].text, (("number", entry.number),))


def _by_panel(codes: Sequence[PanelCode]) -> tuple[SuspectedCause, ...]:
    return _suspected(
        [
            (name, sure, Sentence(_SHOWN[sure].text, (("vendor", code.vendor), ("code", code.code))))
            for code in codes
            for name, sure in code.causes
        ]
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the words of a record come to; the same words under the same circumstances come to the same."""

    match: Match | None
    causes: tuple[SuspectedCause, ...]
    asks: tuple[Question, ...]


def _asks(matches: Sequence[Match], seen: Circumstances) -> tuple[Question, ...]:
    """What would change the causes if it were known."""

    def differs(one: Circumstances, other: Circumstances) -> bool:
        ways = (decide(matches, one), decide(matches, other))
        return len({way.rule.causes if way else () for way in ways}) > 1

    asked = []
    if seen.mechanism is None and differs(replace(seen, mechanism="password"), replace(seen, mechanism="oauth")):
        asked.append(Question.MECHANISM)
    if seen.account is None and differs(replace(seen, account="personal"), replace(seen, account="organisation")):
        asked.append(Question.ACCOUNT)
    return tuple(asked)


@lru_cache(maxsize=4096)
def _judge(body: str, said: str, known: Circumstances, told: Circumstances) -> _Judged:
    matches = load().matches(said)
    if not matches:
        return _Judged(None, (), ())
    seen = circumstances(body, said, known, told)
    match = decide(matches, seen)
    # Words without a code may be somebody's who speaks about a reply, and common words any program's.
    cap = Certainty.PROVEN if classes.codes(body).known else Certainty.LIKELY
    cap = Certainty.POSSIBLE if match and match.rule.common and not seen.mail else cap
    read = [(one.cause, max(one.certainty, cap, key=lambda sure: sure.rank), one.because) for one in readings(match)]
    if match and match.rule.common and any(host in said for host in _SIGN_IN_HOSTS):
        read = [(_AT_SIGN_IN.get(cause, cause), sure, because) for cause, sure, because in read]
    return _Judged(match, _suspected(read), _asks(matches, seen) if match else ())


def _text(record: Record) -> str:
    return scrub(record.raw[:_LOOKED_AT])[:_LONGEST]


def _numbers(record: Record) -> tuple[int, ...]:
    """The AADSTS numbers; one that does not say so of itself counts where it is known and signing in is spoken of."""
    shown = plain(record.raw)
    named = sign_in.named(shown)
    known = sign_in.is_context(record.words) or sign_in.is_label(record.body)
    return tuple(one for one in sign_in.numbers(shown) if one in named or (known and load().aadsts(one)))


def _number_finding(record: Record, found: tuple[int, ...]) -> Finding:
    entries = [load().aadsts(number) for number in found]
    begins = next(
        (line for line in record.lines if set(sign_in.numbers(plain(line.raw))) & set(found)), record.lines[0]
    )
    return Finding(
        lines=(begins.number,),
        text=_text(record),
        # Of two numbers in one message the first is the general one.
        causes=_suspected([_by_number(entry) for entry in reversed(entries) if entry]),
        numbers=tuple(Number(number, entry) for number, entry in zip(found, entries, strict=True)),
    )


def _is_refusal(record: Record, *, alone: bool) -> bool:
    """Whether a record whose words nobody knows is a server's refusal, and not a line that happens to hold a number."""
    for line in record.lines:
        codes = classes.codes(line.body)
        begins = line.code is not None and line.code == codes.code
        if begins and ((alone and not line.logged) or (line.refuses and line.side == "server")):
            return True
        if codes.enhanced and (line.refuses or codes.code in REFUSALS):
            return True
    return False


def _lines(record: Record, match: Match | None) -> tuple[int, ...]:
    """The lines on which a refusal begins; more than one where a program printed it more than once."""
    begins = next((line for line in record.lines if line.refuses), None)
    met = [record.line_at(at).number for at in match.phrase.places(record.words)] if match else []
    first = min([begins.number, *met[:1]]) if begins else (met or [record.lines[0].number])[0]
    return tuple(dict.fromkeys((first, *met[1:])))


def _panel_finding(record: Record, codes: tuple[PanelCode, ...]) -> Finding:
    line = (record.lines[0].number,)
    return Finding(lines=line, text=_text(record), causes=_by_panel(codes), panel_codes=codes)


def _said_code(said: str) -> str | None:
    """The reply code that a text names in a few words ("scan error 535"), or a program at the end of its line."""
    *numbers, code = re.findall(r"\d+", said) or [""]
    if code not in REFUSALS:
        return None
    words = re.findall(r"[^\W\d_]+", said)
    short = not numbers and len(said) <= panel.LONGEST and all(_FILLER.fullmatch(word) for word in words)
    return code if short or _ENDS.search(said) else None


def _finding(record: Record, session: Session, asked: _Asked, *, alone: bool) -> Finding | None:
    if any(hint in record.words for hint in _NUMBER_HINTS) and (found := _numbers(record)):
        return _number_finding(record, found)
    if asked.vendor and (codes := panel.by_message(record.words, asked.vendor)):
        return _panel_finding(record, codes)
    judged = _judge(record.body, record.words, session.known, asked.told)
    code = _said_code(record.words) if judged.match is None else None
    if code:
        judged = replace(_judge(code, f" {code} ", session.known, asked.told), match=None)
    elif judged.match is None:
        if codes := panel.by_message(record.words):
            return _panel_finding(record, codes)
        if not _is_refusal(record, alone=alone):
            return None
    lines = _lines(record, judged.match)
    rest = " ".join(line.body for line in record.lines if line.number >= lines[0])
    codes_met = classes.codes(code or rest)
    return Finding(
        lines=lines,
        text=_text(record),
        causes=judged.causes,
        code=codes_met.code,
        enhanced=codes_met.enhanced,
        told=() if judged.causes else classes.told_by(codes_met),
        asks=judged.asks,
        route=route(record.raw, record.words) or session.route,
    )


def _alone(line: Line) -> Match | None:
    """What a line says on its own, where that makes a cause at least likely."""
    alone = Record()
    alone.add(line)
    match = decide(load().matches(alone.words), Circumstances())
    return match if match and match.rule.causes[0][1] is not Certainty.POSSIBLE else None


def _parts(record: Record) -> Iterator[Record]:
    """Cut a record where a line of its own names another cause than the lines before.

    What any program says of a failed connection, without a refusal, is the same failure as in the line before.
    """
    if len(record.lines) == 1 or f" {NOT_SIGNED_IN} " in record.words or not load().matches(record.words):
        yield record
        return
    part, named = Record(), None
    for line in record.lines:
        match = _alone(line)
        sure = match.rule.causes[0][0] if match else None
        if match and named and sure != named and (line.refuses or line.has_refusal or not match.rule.common):
            yield part
            part, named = Record(), sure
        named = named or sure
        part.add(line)
    yield part


def _is_bare(finding: Finding) -> bool:
    return finding.enhanced == NOT_SIGNED_IN


def _repeats(before: Finding, last: int, finding: Finding) -> bool:
    """Whether a finding is the one before once more, in the words of the program that met it.

    `last` is the line on which it was said last.
    """
    tail, later = sign_in.tail(before.text), sign_in.tail(finding.text)
    if tail and later:
        return tail == later
    if before.numbers or finding.numbers:
        return before.numbers == finding.numbers
    near = finding.line <= last + _NEAR
    bare = finding.code is None or finding.line in before.lines
    only = bare and all(one.certainty is Certainty.POSSIBLE for one in finding.causes)
    met, told = [one.cause.id for one in before.causes], [one.cause.id for one in finding.causes]
    alike = (finding.code, finding.enhanced) == (before.code, before.enhanced) and told[:1] == met[:1]
    return near and bool(met) and bool(told) and (met == told or only or alike)


def _is_vague(finding: Finding) -> bool:
    """Whether a program says in its own words, without a code, that something failed."""
    bare = finding.code is None and not finding.numbers and not finding.panel_codes
    return bare and all(one.certainty is Certainty.POSSIBLE for one in finding.causes)


@dataclass(slots=True)
class _Exchange:
    """The findings of one dialogue since its client's last command, each with the lines that repeat it."""

    session: Session = field(default_factory=Session)
    kept: list[Finding] = field(default_factory=list)
    repeats: list[dict[int, None]] = field(default_factory=list)
    done: list[Finding] = field(default_factory=list)
    refused: Finding | None = None  # the sign-in, since the server's greeting

    def close(self) -> None:
        """The client goes on: what comes now is about something else."""
        self.done += [
            replace(finding, lines=tuple(lines)) for finding, lines in zip(self.kept, self.repeats, strict=True)
        ]
        self.kept, self.repeats = [], []

    def follow(self, line: Line) -> None:
        """Take in a line of the client, or a healthy one of the server."""
        if line.side == "client" or line.code == "220":
            self.close()
        self.refused = None if line.code == "220" else self.refused
        self.session.follow(line)

    def add(self, finding: Finding) -> None:
        """Add a finding; what only repeats another goes to it.

        "530 5.7.57 not authenticated" holds the refusal it comes from, perhaps on the next line, or follows it.
        """
        if self.refused and _is_bare(finding):
            because = say("This only repeats the refusal of the sign-in on line {line}.", line=self.refused.line)
            finding = replace(finding, causes=self.refused.causes, told=(because,), asks=self.refused.asks)
        elif self.refused and not self.kept and _is_vague(finding):
            return  # the program says once more that the sign-in failed
        self.refused = finding if finding.code == _REFUSED and finding.causes else self.refused
        before = self.kept[-1] if self.kept else None
        near = before is not None and finding.line <= before.line + before.text.count("\n") + 1
        if before and near and _is_bare(before) and finding.code == _REFUSED:
            self.kept[-1] = replace(finding, text=f"{before.text}\n{finding.text}"[:_LONGEST])
        elif before and _is_vague(before) and finding.code and finding.causes and finding.line <= before.line + _NEAR:
            self.kept[-1], self.repeats[-1] = finding, dict.fromkeys(finding.lines)
        elif before and _repeats(before, next(reversed(self.repeats[-1])), finding):
            self.repeats[-1].update(dict.fromkeys(finding.lines))
        else:
            self.kept.append(finding)
            self.repeats.append(dict.fromkeys(finding.lines))


def _is_waiting(finding: Finding) -> bool:
    return bool(finding.numbers) and _WAITING.issuperset(number.number for number in finding.numbers)


def _of_text(text: str, asked: _Asked) -> Iterator[Finding]:
    dialogues: dict[str | None, _Exchange] = {}
    mark: str | None = None
    cut = list(records(text))
    alone = len(cut) == 1
    is_mail = len(cut) <= _FEW or is_about_mail(text) or any(isinstance(entry, Line) for entry in cut)
    asked = replace(asked, told=replace(asked.told, mail=None if is_mail else False))
    for entry in cut:
        # What has no mark is the program's own, about the dialogue it was in.
        mark = (entry.session if isinstance(entry, Line) else entry.lines[0].session) or mark
        dialogue = dialogues.setdefault(mark, _Exchange())
        if isinstance(entry, Line):
            dialogue.follow(entry)
            continue
        for part in _parts(entry):
            finding = _finding(part, dialogue.session, asked, alone=alone)
            dialogue.session.hear(part.raw, part.words)
            if finding is not None:
                dialogue.add(finding)
    for dialogue in dialogues.values():
        dialogue.close()
    found = sorted((one for dialogue in dialogues.values() for one in dialogue.done), key=lambda one: one.line)
    faults = [one for one in found if not _is_waiting(one)]
    yield from faults or found


def _whole(text: str, asked: _Asked) -> Finding | None:
    """What the text as a whole is, where it is no reply: the id of a cause, a number alone, a code of a panel."""
    word = text.strip()
    if word in load().causes:
        itself = SuspectedCause(load().cause(word), Certainty.PROVEN, _ITSELF)
        return Finding(lines=(1,), text=word, causes=(itself,))
    if codes := panel.by_code(word, asked.vendor):
        return Finding(lines=(1,), text=scrub(word), causes=_by_panel(codes), panel_codes=codes)
    alone = _NUMBER_ALONE.fullmatch(word)
    if alone and (load().aadsts(int(alone[1])) or not word.isdigit()):
        record = Record()
        record.add(read_line(1, word))
        return _number_finding(record, (int(alone[1]),))
    return None


def _missing(text: str, vendor: str) -> Finding | None:
    """Say of what must be a code, since a vendor was named, that the vendor's list does not hold it."""
    code = text.strip()
    if not code or "\n" in code or len(code) > panel.LONGEST:
        return None
    told = say("The list of {vendor} codes that diag knows does not hold it.", vendor=vendor)
    return Finding(lines=(1,), text=scrub(code), causes=(), told=(told,))


def explain(
    text: str, *, vendor: str | None = None, mechanism: str | None = None, account: Account | None = None
) -> Explanation:
    """Explain an SMTP reply, a message or JSON error body of Microsoft Entra, a panel's code, or a whole log.

    `text` may be in whatever clothing a program, log or web page gave it. `vendor` is the device's (any beginning of
    its name; `InvalidInputError` where no code of it is known); `mechanism` ("password", "oauth", or one of AUTH by
    name) and `account` ("personal", "organisation") say what the text does not show.
    """
    asked = _Asked(
        panel.asked_vendor(vendor) if vendor else None,
        Circumstances(mechanism=mechanism.lower() if mechanism else None, account=account),
    )
    bare = text.removeprefix("\ufeff")
    whole = _whole(bare, asked)
    findings = (whole,) if whole else tuple(_of_text(bare, asked))
    if asked.vendor and not findings and (missing := _missing(bare, asked.vendor)):
        findings = (missing,)
    return Explanation(lines=len(text.splitlines()), findings=findings)
