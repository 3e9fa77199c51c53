"""What a database can hold, and reads the same everywhere: texts, the keys they are compared by, and times."""

from datetime import UTC, datetime

from diag.sentence import well_formed

_NUL, _SEEN_NUL = "\0", "\N{SYMBOL FOR NULL}"


def fit(text: str) -> str:
    """Return `text`, a NUL as its symbol and a lone surrogate as a question mark."""
    if text.isascii() and _NUL not in text:  # as nearly all are, and there are many
        return text
    return well_formed(text).replace(_NUL, _SEEN_NUL)


def folded(text: str) -> str:
    """Return `text` as it is compared: case does not matter."""
    return fit(text).casefold()


def utc(at: datetime) -> datetime:
    """Return the same moment in UTC; raises `ValueError` where it is not known which one is meant."""
    if at.tzinfo is None:
        message = "a time that is kept must be aware"
        raise ValueError(message)
    return at.astimezone(UTC)
