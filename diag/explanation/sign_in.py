"""What Microsoft Entra says: its numbers and the ids its support asks for, in messages, JSON bodies, pages and logs."""

import re
from dataclasses import dataclass

from diag.sentence import Sentence, say

_NUMBER = re.compile(
    r"AADSTS\s?(\d{4,8})(?!\d)"
    # In a sign-in log, or a JSON body.
    r"|(?:error_?codes?|\berror code|code d['\u2019]erreur(?: de connexion)?|ResultType|status_?code)"
    r"[\"'\\]{0,3}\s{0,6}[:=]?\s{0,3}[\[\"'\\]{0,3}\s{0,3}(\d{4,8})(?!\d)"
    r"|error\?code=(\d{4,8})(?!\d)",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r" (?:correlation\w*|trace id|error_codes|resulttype|sign in|signin|connexion|microsoft\w*|azure|entra"
    r"|invalid_grant|invalid_client|error_description|failure reason) "
)
_LABEL = re.compile(
    r"\W{0,9}(?:(?:sign-?in )?error ?code|code d\W?erreur(?: de connexion)?)\W{0,9}\d{5,8}\W{0,9}", re.IGNORECASE
)
_NEXT = re.compile(r"\s{0,3},\s{0,3}(\d{4,8})(?!\d)")
_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_SPACE = r"[\s\"'\\:=+]{0,6}"
_IDS: tuple[tuple[Sentence, re.Pattern[str]], ...] = (
    (say("Trace ID"), re.compile(rf"trace[ _+-]?id{_SPACE}({_GUID})", re.IGNORECASE)),
    (say("Correlation ID"), re.compile(rf"correlation[ _+-]?id{_SPACE}({_GUID})", re.IGNORECASE)),
    (say("Policy ID"), re.compile(rf"capolids.{{0,80}}?({_GUID})", re.IGNORECASE | re.DOTALL)),
    (say("Time"), re.compile(rf"timestamp{_SPACE}(\d{{4}}-\d\d-\d\d[T +]\d\d:\d\d:\d\dZ)", re.IGNORECASE)),
)  # fmt: skip
# Exchange Online ends its refusals with the server, the time and an id.
_TAIL = re.compile(r"\[([\w.-]{1,80}\s+\d{4}-\d\d-\d\dT[\d:.]+Z\s+[0-9A-F]{16})\]")
TAIL = say("Server, time and id of the reply")


@dataclass(frozen=True, slots=True)
class Id:
    """A value to quote to Microsoft's support or to search the sign-in log for, and what it is called."""

    label: Sentence
    value: str


def numbers(text: str) -> tuple[int, ...]:
    """Return the AADSTS numbers in a text, each once, in the order met."""
    found: dict[int, None] = {}
    for match in _NUMBER.finditer(text):
        found.setdefault(int(match[1] or match[2] or match[3]))
        at = match.end()
        while match[2] and (more := _NEXT.match(text, at)):
            found.setdefault(int(more[1]))
            at = more.end()
    return tuple(found)


def is_label(text: str) -> bool:
    """Whether a text is a line of the sign-in log's page: the label "error code", and a number."""
    return bool(_LABEL.fullmatch(text))


def is_context(said: str) -> bool:
    """Whether words (blanks around) are about signing in, so that an "error code" in them may be an AADSTS number."""
    return bool(_CONTEXT.search(said))


def named(text: str) -> frozenset[int]:
    """Return those of the numbers that say AADSTS of themselves; "error code 50126" may be anybody's."""
    return frozenset(int(match[1]) for match in _NUMBER.finditer(text) if match[1])


def tail(text: str) -> str | None:
    """Return the server, time and id with which Exchange Online ends a refusal."""
    found = _TAIL.search(text)
    return " ".join(found[1].split()) if found else None


def ids(text: str) -> tuple[Id, ...]:
    """Return the ids in a text, each kind once."""
    found = [Id(label, match[1]) for label, pattern in _IDS if (match := pattern.search(text))]
    found += [Id(TAIL, value)] if (value := tail(text)) else []
    return tuple(found)
