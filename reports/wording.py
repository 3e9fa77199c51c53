"""Words that every report shares, and how text from a server is made harmless.

Whatever a server, a certificate or a token says is hostile: it may hold control, direction or zero-width characters.
"""

import re
from collections.abc import Callable

from diag.language import Translate
from diag.outcome import Certainty
from diag.sentence import Sentence, Value, say

FIELD_LIMIT = 4096
# French sets a no-break space before its colons; these two are harmless and stay.
_SPACES = "\u00a0\u202f"
_WITHOUT_SPACES = str.maketrans(dict.fromkeys(_SPACES))

Quote = Callable[[str], str]


def visible(text: str) -> str:
    """Return `text` on one line, with escapes for every character that is not plainly visible."""
    if text.translate(_WITHOUT_SPACES).isprintable():  # most of it is, and there can be much
        return text
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
MORE = say("More")


def pair(label: str, value: str, translate: Translate) -> str:
    """Return a label and its value, with the colon as the language sets it."""
    return translate(PAIR.text).format(label=label, value=value)


# The words a French title begins with that are written small inside a sentence; all others may be names.
_ARTICLE = re.compile(
    r"(?:Le|La|Les|Un|Une|Des|Du|De|Ce|Cet|Cette|Ces|Aucune?|Personne|Rien|Seule?|Trop|Toute?s?|Tous)\s|[LD]\u2019"
)


def inside(title: str, language: str) -> str:
    """Return a title as it stands behind a colon, where French goes on in small letters."""
    return title[0].lower() + title[1:] if language == "fr" and _ARTICLE.match(title) else title
