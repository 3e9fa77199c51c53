"""Words that every report shares, and how text from a server is made harmless.

Whatever a server, a certificate or a token says is hostile: it may hold control, direction or zero-width characters.
"""

import re
from collections.abc import Callable
from typing import assert_never

from diag.diagnosis import Diagnosis, Verdict
from diag.evidence import Dialogue, Evidence, Flaw
from diag.language import Translate
from diag.outcome import Broken, Certainty, Failed, Outcome, Passed, Skipped
from diag.sentence import Sentence, Value, say
from diag.stage import Stage

FIELD_LIMIT = 4096
# French sets a no-break space before its colons; these two are harmless and stay.
_SPACES = "\u00a0\u202f"

Quote = Callable[[str], str]


def visible(text: str) -> str:
    """Return `text` on one line, with escapes for every character that is not plainly visible."""
    return "".join(c if c.isprintable() or c in _SPACES else c.encode("unicode_escape").decode() for c in text)


def shown(text: str, limit: int = FIELD_LIMIT) -> str:
    """Return `text` as `visible` does, in at most `limit` characters: escapes count as long as they are."""
    whole = visible(text[: limit + 1])
    return whole if len(whole) <= limit else whole[: limit - 3] + "..."


def _value(value: Value, translate: Translate, quote: Quote) -> Value:
    match value:
        case Sentence():
            return worded(value, translate, quote)
        case str():
            return quote(value)
        case _:
            return value


def worded(sentence: Sentence, translate: Translate, quote: Quote = str) -> str:
    """Return `sentence` in the reader's language: our own words translated, those of others through `quote`."""
    values = tuple((name, _value(value, translate, quote)) for name, value in sentence.values)
    return Sentence(sentence.text, values).in_language(translate)


def told(sentence: Sentence, translate: Translate, quote: Quote = shown) -> str:
    """Return `sentence` in the reader's language, fit for a terminal.

    Only `quote` cuts: what is cut after it may lose the end of its quotation.
    """
    return visible(worded(sentence, translate, quote))


DECIMAL_POINT = say(".")


def seconds(milliseconds: float, translate: Translate) -> str:
    """Return a duration, in milliseconds or, from one second on, in seconds: `12 ms`, `5.2 s`."""
    if milliseconds < 999.5:  # noqa: PLR2004 - what would round to a thousand
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s".replace(".", translate(DECIMAL_POINT.text))


def outcome_word(outcome: Outcome) -> Sentence:
    """Name an outcome."""
    match outcome:
        case Passed():
            return say("passed")
        case Failed():
            return say("failed")
        case Skipped():
            return say("skipped")
        case Broken():
            return say("broken")
        case _:
            assert_never(outcome)


CERTAINTIES = {
    Certainty.PROVEN: say("proven"),
    Certainty.LIKELY: say("likely"),
    Certainty.POSSIBLE: say("possible"),
}
SURENESS = {
    Certainty.PROVEN: say("This is proven."),
    Certainty.LIKELY: say("This is likely, not proven."),
    Certainty.POSSIBLE: say("This is possible, not proven."),
}
ACTORS = {
    "helpdesk": say("the helpdesk"),
    "exchange_admin": say("an Exchange administrator"),
    "entra_admin": say("a Microsoft Entra administrator"),
    "network": say("whoever runs the network"),
    "supplier": say("the supplier of the device"),
    "microsoft": say("Microsoft"),
}


PAIR = say("{label}: {value}")


def pair(label: str, value: str, translate: Translate) -> str:
    """Return a label and its value, with the colon as the language sets it."""
    return translate(PAIR.text).format(label=label, value=value)


_WITH_TITLE = {
    Verdict.BROKEN: say("{mailbox} cannot send: {title}."),
    Verdict.DEGRADED: say("{mailbox} can sign in, but one thing stands out: {title}."),
    Verdict.WAITING: say("{mailbox} cannot send yet: {title}."),
    Verdict.INCONCLUSIVE: say("It is not certain why {mailbox} cannot send: {title}."),
}


_REFUSED = 400  # an SMTP reply from here on is a refusal
# The words a French title begins with that are written small inside a sentence; all others may be names.
_ARTICLE = re.compile(
    r"(?:Le|La|Les|Un|Une|Des|Du|De|Ce|Cet|Cette|Ces|Aucune?|Personne|Rien|Seule?|Trop|Toute?s?|Tous)\s|[LD]\u2019"
)


def inside(title: str, language: str) -> str:
    """Return a title as it stands behind a colon, where French goes on in small letters."""
    return title[0].lower() + title[1:] if language == "fr" and _ARTICLE.match(title) else title


def _guesses(evidence: Evidence) -> Sentence:
    """Say that several causes are possible, none before the others."""
    dialogue = evidence.dialogue
    reply = dialogue.reply(Stage.AUTH) if isinstance(dialogue, Dialogue) else None
    if reply and reply.code >= _REFUSED:
        return say("The sign-in of {mailbox} was refused without a reason; {count} causes are possible.")
    return say("It is not certain why {mailbox} cannot send; {count} causes are possible.")


def headline(diagnosis: Diagnosis, evidence: Evidence) -> Sentence:
    """Return the verdict in one sentence; `{title}`, where it stands, is the title of the best cause.

    The other places are `{mailbox}`, `{recipient}`, `{host}` and the `{count}` of causes.
    """
    best = diagnosis.best
    if diagnosis.verdict is Verdict.INCONCLUSIVE and best:
        if best.certainty is Certainty.PROVEN:
            return say("{mailbox} could not be examined to the end: {title}.")
        if best.certainty is Certainty.POSSIBLE and len(diagnosis.findings) > 1:
            return _guesses(evidence)
    if best and (with_title := _WITH_TITLE.get(diagnosis.verdict)):
        return with_title
    if diagnosis.verdict is not Verdict.HEALTHY:
        return say("It could not be found out whether {mailbox} can send.")
    if diagnosis.subject.recipient:
        return say("{mailbox} can send: the test message to {recipient} was accepted.")
    return say("{mailbox} can sign in and send: {host} accepted everything that was asked.")


FLAWS = {
    Flaw.UNKNOWN_ROOT: say("issued by an authority this computer does not know"),
    Flaw.MISSING_INTERMEDIATE: say("the server does not send the intermediate certificate"),
    Flaw.WRONG_NAME: say("made out to another name"),
    Flaw.EXPIRED: say("expired"),
    Flaw.NOT_YET_VALID: say("not yet valid"),
    Flaw.SELF_SIGNED: say("signed by itself"),
    Flaw.INSPECTED: say("replaced by a product that inspects TLS"),
    Flaw.OTHER: say("refused for another reason"),
}
