"""What Teams and Slack want to be told, in the words of Apprise, which knows their dialects of Markdown.

Apprise is given the report and nothing else: neither an address nor the network. Over those it would take roots from
`REQUESTS_CA_BUNDLE` in place of ours, a password from .netrc, read an answer of any length, write addresses into its
log, and say no more of a failure than that there was one. delivery_web.py sends what comes out of here.

Importing Apprise takes a third of a second, so it is imported in a thread, and only where it is needed.
"""

import json
import logging
import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from diag.health.delivery import Message, Summary
from diag.health.plain import one_line
from diag.sentence import well_formed

_TEAMS_BYTES = 28_000  # Teams refuses a card of more than 28 KB
_SLACK_CHARACTERS = 38_000  # Slack cuts a text off at 40,000
_LONGEST = 40_000  # characters that are looked at at all
_CUT = "…"
_KINDS: dict[Summary, str] = {"ok": "success", "warning": "warning", "critical": "failure", "unknown": "info"}
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_AT = re.compile(r"\\?<(?=/?at\b)", re.IGNORECASE)
# A code span; or a left angle bracket that no backslash stands before: in Slack it would begin a call to a channel.
_OPENING = re.compile(r"(?P<code>(?P<fence>`+).+?(?<!`)(?P=fence)(?!`))|(?<!\\)(?P<even>(?:\\\\)*)<")


def teams_card(message: Message) -> bytes:
    """Return the Adaptive Card that a Teams workflow posts; raises `ImportError` where Apprise is not installed."""
    _hush()
    from apprise.common import NotifyType
    from apprise.plugins.workflows import NotifyWorkflows

    # It wants to know where to post to; that is nothing to it.
    writer: Any = NotifyWorkflows(host="localhost", workflow="none", signature="none", include_image=False)  # type: ignore[no-untyped-call]
    # Cards know no headings, take one line break for a blank, and call whoever stands in <at>.
    text = _AT.sub("&lt;", _HEADING.sub(r"**\1**", message.text)).replace("\n", "\n\n")

    def card(body: str) -> bytes:
        title = _AT.sub("&lt;", one_line(message.subject))
        return _json(writer.gen_payload(body=body, title=title, notify_type=NotifyType(_KINDS[message.status])))

    return _fitting(text, card, lambda made: len(made) <= _TEAMS_BYTES)


def slack_text(message: Message) -> bytes:
    """Return the message that a Slack webhook posts; raises `ImportError` where Apprise is not installed."""
    _hush()
    from apprise.common import NotifyFormat
    from apprise.plugins.slack import NotifySlack

    writer: Any = NotifySlack(token_a="A", token_b="B", token_c="C")  # type: ignore[no-untyped-call]  # noqa: S106 - none

    def written(body: str) -> bytes:
        title = writer.dialect_convert(one_line(message.subject), NotifyFormat.TEXT)
        text = writer.dialect_convert(_OPENING.sub(_escaped, body), NotifyFormat.MARKDOWN)
        return _json({"text": f"*{title}*\n{text}", "unfurl_links": False})

    return _fitting(message.text, written, lambda made: len(json.loads(made)["text"]) <= _SLACK_CHARACTERS)


def _escaped(found: re.Match[str]) -> str:
    return found["code"] or f"{found['even']}\\<"


def _json(value: object) -> bytes:
    return well_formed(json.dumps(value, ensure_ascii=False)).encode()


def _fitting(text: str, write: Callable[[str], bytes], fits: Callable[[bytes], bool]) -> bytes:
    """Write a text, or as many of its lines as fit, or as much of the first as does."""
    if len(text) <= _LONGEST and fits(made := write(text)):
        return made
    text = text[:_LONGEST]
    lines = text.split("\n")
    by_lines = _most(len(lines), lambda count: fits(write("\n".join([*lines[:count], _CUT]))))
    if by_lines:
        return write("\n".join([*lines[:by_lines], _CUT]))
    return write(lines[0][: _most(len(lines[0]), lambda count: fits(write(lines[0][:count] + _CUT)))] + _CUT)


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """Return the greatest number up to `count` that fits."""
    return bisect_left(range(1, count + 1), x=True, key=lambda number: not fits(number))


def _hush() -> None:
    """Let Apprise write nothing down."""
    logging.getLogger("apprise").disabled = True
