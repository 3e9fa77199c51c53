"""What the answers of Exchange Online's endpoint for settings mean that hold no rows.

The forms are those that public programs have met: an error in JSON whose innermost message is the telling one, a page,
plain text, and a body of zeros.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from diag.adapters.answers import Answer, Quoted
from diag.adapters.exchange_words import Call, unreadable
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import Sentence, say

_BAD, _UNAUTHORISED, _FORBIDDEN, _LATE, _THROTTLED = 400, 401, 403, 408, 429
_GOOD, _REDIRECTIONS, _BROKEN = range(200, 300), range(300, 400), range(500, 600)
_GONE = frozenset({404, 410})
_TOO_MANY = "maximum number of concurrent requests"
_NO_MAILBOX = "ManagementObjectNotFoundException"
_AMBIGUOUS = "AmbiguousParameterSetException"
_UNSUPPORTED_ROLE = re.compile(r"role assigned to application\b.*\bisn['\u2019]t supported", re.IGNORECASE | re.DOTALL)
# Said with 400, and yet nobody's mistake: the servers behind the endpoint do not reach each other.
_TRANSIENT = (
    "CmdletProxyNotAvailableFailure",
    "ServerBusyException",
    "TransientException",
    "BackendCommunicationException",
)
_FIELDS = 3  # of a detail: code|exception|message
Meaning: TypeAlias = tuple[Obstacle, Sentence]


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer says of itself: its error's code and exceptions, and the words for a person."""

    status: int
    names: str
    words: str
    is_error: bool
    is_page: bool
    wait_s: float | None


def refusal_of(answer: Answer, call: Call, mailbox: str, quoted: Quoted) -> NotAnswered:
    """Say what an answer without rows means; `call` was about `mailbox`."""
    if answer.status in _REDIRECTIONS:
        return NotAnswered(obstacle=Obstacle.NOT_SPOKEN, because=_elsewhere(answer, quoted))
    told = _told(answer)
    meaning = _of_any_server(told) or _of_exchange(told, call, mailbox) or _of_a_status(told, call)
    if meaning is None:
        return unreadable(call, answer.flaw or say("it does not have the form of such an answer"))
    obstacle, sentence = meaning
    quote = "" if told.is_page or obstacle is Obstacle.NOT_FOUND else quoted(told.words)
    said = say("{sentence} The server says: {quote}", sentence=sentence, quote=quote) if quote else sentence
    wait_s = told.wait_s if obstacle in {Obstacle.THROTTLED, Obstacle.UNAVAILABLE} else None
    return NotAnswered(obstacle=obstacle, because=said, retry_after_s=wait_s)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _told(answer: Answer) -> _Told:
    told = _Told(
        status=answer.status,
        names="",
        words=answer.body.decode("utf-8", "replace"),
        is_error=False,
        is_page=answer.is_page,
        wait_s=answer.wait_s,
    )
    error = _table(_table(answer.json).get("error"))
    if not error:
        return told
    inner = _table(error.get("innererror") or error.get("innerError"))
    innermost = _table(inner.get("internalexception") or inner.get("internalException"))
    details = error.get("details")
    detail = _text(_table(details[0]).get("message")) if isinstance(details, list) and details else ""
    *named, plain = detail.split("|", _FIELDS - 1) if detail.count("|") >= _FIELDS - 1 else (detail,)
    names = " ".join((_text(error.get("code")), _text(innermost.get("type")), *named))
    words = _text(innermost.get("message")) or plain or _text(error.get("message"))
    return replace(told, names=names, words=words, is_error=True, is_page=False)


def _of_any_server(told: _Told) -> Meaning | None:
    """What any server may say, whatever it is asked: too much, who are you, not now."""
    if told.status == _THROTTLED or _TOO_MANY in told.words:
        return Obstacle.THROTTLED, _later(told.wait_s)
    if told.status == _UNAUTHORISED:
        return Obstacle.NOT_SIGNED_IN, _NOT_SIGNED_IN
    transient = told.status == _BAD and any(name in f"{told.names} {told.words}" for name in _TRANSIENT)
    if transient or told.status == _LATE or told.status in _BROKEN:
        return Obstacle.UNAVAILABLE, say(
            "Exchange Online cannot answer at the moment (HTTP {status}).", status=told.status
        )
    return None


def _of_exchange(told: _Told, call: Call, mailbox: str) -> Meaning | None:
    """What Exchange says in words of its own."""
    if _NO_MAILBOX in told.names:
        return Obstacle.NOT_FOUND, say(
            "Exchange Online has no mailbox {mailbox}. Check the spelling; the mailbox may also be on a server of your"
            " own, or have had its licence only for a moment.",
            mailbox=mailbox,
        )
    if _UNSUPPORTED_ROLE.search(told.words):
        return Obstacle.NO_ROLE, say(
            "The application has no role that Exchange Online supports here. In Microsoft Entra, assign it the role"
            " Exchange Administrator or Exchange Recipient Administrator."
        )
    if _AMBIGUOUS in told.names:
        return Obstacle.REFUSED, say(
            "Exchange Online does not take these parameters for {cmdlet}. The account's role may have been cut down to"
            " others, or Microsoft may have changed the command.",
            cmdlet=call.cmdlet,
        )
    return None


def _of_a_status(told: _Told, call: Call) -> Meaning | None:
    """What is left to the number; None where the number says that all is well."""
    if told.status in _GONE:
        return Obstacle.NOT_SPOKEN, say(
            "There is nothing any more at the address where the setting is read and changed (HTTP {status}); Microsoft"
            " promises nothing about it. Use the Microsoft 365 admin center or Exchange Online PowerShell instead.",
            status=told.status,
        )
    if told.is_page:
        return Obstacle.NOT_SPOKEN, say(
            "A web page came in place of Exchange Online's answer (HTTP {status}). A proxy, a firewall or the sign-in"
            " page of a guest network may stand in between.",
            status=told.status,
        )
    if told.status == _FORBIDDEN:
        return Obstacle.NO_ROLE, say(
            "Exchange Online takes the sign-in, but the account has no role that allows {cmdlet} (HTTP 403). It needs"
            " the role Exchange Administrator, or a role group of Exchange's that allows {cmdlet}, such as Recipient"
            " Management with the role Mail Recipients. A new role can take up to two hours to count.",
            cmdlet=call.cmdlet,
        )
    if told.status in _GOOD and not told.is_error:
        return None
    refused = say("Exchange Online refuses {cmdlet} (HTTP {status}).", cmdlet=call.cmdlet, status=told.status)
    return Obstacle.REFUSED if told.is_error else Obstacle.NOT_SPOKEN, refused


_NOT_SIGNED_IN = say(
    "Exchange Online does not take the administrator's token (HTTP 401). It must be meant for Exchange Online and carry"
    " the permission Exchange.Manage (an application by itself: Exchange.ManageAsApp), with an administrator's consent."
    " A consent that was just given can take half an hour or more to count."
)


def _later(wait_s: float | None) -> Sentence:
    if wait_s is None:
        return say("Exchange Online has too many requests from this tenant. Wait a little, then try again.")
    seconds = round(wait_s)
    return say(
        "Exchange Online has too many requests from this tenant. Try again in {seconds} seconds.", seconds=seconds
    )


def _elsewhere(answer: Answer, quoted: Quoted) -> Sentence:
    return say(
        "The server sends the request elsewhere (HTTP {status}, to {place}), and diag does not follow, since the token"
        " is for Exchange Online alone. A proxy or the sign-in page of a guest network may stand in between.",
        status=answer.status,
        place=quoted(answer.place) or "?",
    )
