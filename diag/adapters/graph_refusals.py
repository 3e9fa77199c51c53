"""What the answers of Microsoft Graph mean that hold no answer."""

from diag.adapters.answers import Answer, Quoted
from diag.adapters.graph_words import LICENCE, NO_LICENCE_CODE, Call
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import Sentence, say

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _LATE, _THROTTLED = 401, 403, 404, 408, 429
_GOOD, _REDIRECTIONS, _BROKEN = range(200, 300), range(300, 400), range(500, 600)


def refusal_of(answer: Answer, call: Call, quoted: Quoted) -> NotAnswered:
    """Say what an answer means that is not the one to `call`."""
    code, words = _error(answer)
    obstacle, sentence = _meaning(answer, call, code, quoted)
    told = obstacle in {Obstacle.NOT_SIGNED_IN, Obstacle.NO_PERMISSION, Obstacle.REFUSED, Obstacle.UNAVAILABLE}
    quote = quoted(words) if told else ""
    busy = obstacle in {Obstacle.THROTTLED, Obstacle.UNAVAILABLE}
    missing = {Obstacle.NO_PERMISSION: call.permission, Obstacle.NO_LICENCE: LICENCE}.get(obstacle)
    if call.hint is not None and obstacle in {Obstacle.NOT_SIGNED_IN, Obstacle.NO_PERMISSION, Obstacle.REFUSED}:
        sentence = say("{sentence} {hint}", sentence=sentence, hint=call.hint)
    said = say("{sentence} The server says: {quote}", sentence=sentence, quote=quote) if quote else sentence
    return NotAnswered(obstacle=obstacle, because=said, missing=missing, retry_after_s=answer.wait_s if busy else None)


def unreadable(why: Sentence) -> NotAnswered:
    """Say that an answer is not what it should be."""
    return NotAnswered(
        obstacle=Obstacle.NOT_SPOKEN, because=say("Microsoft Graph's answer cannot be read: {why}.", why=why)
    )


def without_form() -> NotAnswered:
    """Say that an answer lacks what makes it one."""
    return unreadable(say("it does not have the form of such an answer"))


def _error(answer: Answer) -> tuple[str, str]:
    """The code and the words of Graph's own form of an error; empty where it is none."""
    found = answer.json
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return "", ""
    code, words = error.get("code"), error.get("message")
    return code if isinstance(code, str) else "?", words if isinstance(words, str) else ""


def _meaning(answer: Answer, call: Call, code: str, quoted: Quoted) -> tuple[Obstacle, Sentence]:
    of_a_server = _of_any_server(answer, quoted)
    if of_a_server is not None:
        return of_a_server
    if answer.is_page or (not code and answer.status in _GOOD):
        flaw = answer.flaw or say("it does not have the form of such an answer")
        return (Obstacle.NOT_SPOKEN, _page(answer.status)) if answer.is_page else _of(unreadable(flaw))
    if answer.status == _FORBIDDEN and code == NO_LICENCE_CODE:
        return Obstacle.NO_LICENCE, say("The tenant has no licence that this needs: {licence}.", licence=LICENCE)
    if answer.status == _FORBIDDEN:
        return Obstacle.NO_PERMISSION, say(
            "Microsoft Graph does not allow this (HTTP 403). It needs the permission {permission}, with an"
            " administrator's consent.",
            permission=call.permission,
        )
    # Without Graph's form of an error it may be something in between that does not know the way.
    if answer.status == _NOT_FOUND and code:
        return Obstacle.NOT_FOUND, call.absent or say("Microsoft Graph does not know what was asked for (HTTP 404).")
    refused = say("Microsoft Graph refuses the question (HTTP {status}).", status=answer.status)
    return Obstacle.REFUSED if code else Obstacle.NOT_SPOKEN, refused


def _of(refusal: NotAnswered) -> tuple[Obstacle, Sentence]:
    return refusal.obstacle, refusal.because


def _of_any_server(answer: Answer, quoted: Quoted) -> tuple[Obstacle, Sentence] | None:
    """What any server may say, whatever it is asked: elsewhere, too much, who are you, not now."""
    if answer.status in _REDIRECTIONS:
        return Obstacle.NOT_SPOKEN, say(
            "The server sends the request elsewhere (HTTP {status}, to {place}), and diag does not follow, since the"
            " token is for Microsoft Graph alone. A proxy or the sign-in page of a guest network may stand in between.",
            status=answer.status,
            place=quoted(answer.place) or "?",
        )
    if answer.status == _THROTTLED:
        return Obstacle.THROTTLED, _later(answer.wait_s)
    if answer.status == _UNAUTHORISED:
        return Obstacle.NOT_SIGNED_IN, say(
            "Microsoft Graph does not take the administrator's token (HTTP 401). It must be meant for Microsoft Graph"
            " and still be valid."
        )
    if answer.status == _LATE or answer.status in _BROKEN:
        return Obstacle.UNAVAILABLE, say(
            "Microsoft Graph cannot answer at the moment (HTTP {status}).", status=answer.status
        )
    return None


def _page(status: int) -> Sentence:
    return say(
        "A web page came in place of Microsoft Graph's answer (HTTP {status}). A proxy, a firewall or the sign-in page"
        " of a guest network may stand in between.",
        status=status,
    )


def _later(wait_s: float | None) -> Sentence:
    if wait_s is None:
        return say("Microsoft Graph has too many requests from this tenant. Wait a little, then try again.")
    return say(
        "Microsoft Graph has too many requests from this tenant. Try again in {seconds} seconds.",
        seconds=round(wait_s),
    )
