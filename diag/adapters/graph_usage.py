"""The e-mail app usage report: who sent by SMTP within a week, a day or two ago; a table that Graph says the place of.

Graph redirects to an address that is good for minutes and for anybody who knows it (learn.microsoft.com/graph/api,
reportroot-getemailappusageuserdetail): the token is not sent there, and the address is shown to nobody.
"""

import asyncio
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit

from diag.adapters.answers import ONE_MEBIBYTE, Answer, new_client, proxy_for, quoting, read_answer, silence
from diag.adapters.graph_refusals import refusal_of, unreadable
from diag.adapters.graph_wire import Conversation, GraphService, conversing
from diag.adapters.graph_words import EMAIL_APP_USAGE
from diag.discovery import Usage
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Secret
from diag.sentence import say

DAYS = 7
_WHO, _SMTP, _LAST, _DELETED = "User Principal Name", "SMTP App", "Last Activity Date", "Is Deleted"
_NO = frozenset({"", "no", "false", "0", "[]"})  # what stands in the column is documented nowhere; nothing means no use
_HOSTS = re.compile(r"reports[a-z0-9-]*\.office\.com")  # reports.office.com, and its regions' (reportsweu, reportsncu)
_HTTPS = 443
_MOST_BYTES = 64 * ONE_MEBIBYTE
_LONGEST_FIELD = 4096


async def usage(service: GraphService) -> Usage | NotAnswered:
    """Ask where the report is, fetch it, and read it."""
    async with conversing(service) as conversation:
        if isinstance(conversation, NotAnswered):
            return conversation
        place = await conversation.ask_where(EMAIL_APP_USAGE, lambda sdk: sdk.email_app_usage())
        if isinstance(place, NotAnswered):
            return place
        table = await _fetched(service, conversation, place)
    return table if isinstance(table, NotAnswered) else read_table(table)


async def _fetched(service: GraphService, conversation: Conversation, place: str) -> str | NotAnswered:
    """Fetch the table, with no token, where it is at Graph itself or at the host that Microsoft has for reports."""
    import httpx

    target = _target(place, conversation.host)
    if target is None:
        return unreadable(say("its report stands elsewhere"))
    host, port = target
    service.redactor.add(Secret(place))
    address, way = service.route(host, port)
    proxy = proxy_for(f"https://{host}", service.route)
    began = asyncio.get_running_loop().time()
    try:
        async with (
            asyncio.timeout_at(conversation.deadline),
            new_client(service.trust, service.timeout_s, proxy) as client,
            client.stream(
                "GET",
                httpx.URL(place).copy_with(host=address, port=way),
                headers={"Host": urlsplit(place).netloc, "Accept-Encoding": "identity", "User-Agent": "diag"},
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            found = await read_answer(answer, _MOST_BYTES)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        waited_s = asyncio.get_running_loop().time() - began
        said = silence(problem, host, waited_s=waited_s, sent=False, quoted=quoting(service.redactor))
        return NotAnswered(obstacle=Obstacle.UNREACHABLE, because=said)
    return _text(found, service)


def _target(place: str, graph: str) -> tuple[str, int] | None:
    """The host and port of an address that may be fetched."""
    try:
        parts = urlsplit(place)
        host, port = parts.hostname or "", parts.port or _HTTPS
    except ValueError:
        return None
    plain = re.fullmatch(r"[\x21-\x7e]{1,8192}", place) and parts.scheme == "https" and "@" not in parts.netloc
    known = host == graph or (_HOSTS.fullmatch(host) and port == _HTTPS)
    return (host, port) if plain and known else None


def _text(answer: Answer, service: GraphService) -> str | NotAnswered:
    if answer.status != 200:  # noqa: PLR2004 - the only good one
        return refusal_of(answer, EMAIL_APP_USAGE, quoting(service.redactor))
    if answer.flaw is not None:
        return unreadable(answer.flaw)
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return unreadable(say("it does not have the form of such an answer"))


def read_table(text: str) -> Usage | NotAnswered:
    """Read the report. Names that were made unreadable are no use, and are said to be."""
    try:
        lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if not {_WHO, _SMTP} <= set(lines.fieldnames or ()):
            return unreadable(say("it does not have the form of such an answer"))
        users = dict(_users(lines))
    except csv.Error:
        return unreadable(say("it does not have the form of such an answer"))
    if users and not any("@" in name for name in users):
        return _CONCEALED
    return Usage(days=DAYS, users={name: last for name, last in users.items() if "@" in name})


def _users(lines: Iterable[Mapping[str | None, object]]) -> Iterator[tuple[str, date | None]]:
    for line in lines:
        name, smtp, last = (_cell(line, column) for column in (_WHO, _SMTP, _LAST))
        if name and smtp.casefold() not in _NO and _cell(line, _DELETED).casefold() != "true":
            yield name, _day(last)


def _cell(line: Mapping[str | None, object], column: str) -> str:
    found = line.get(column)
    return found.strip()[:_LONGEST_FIELD] if isinstance(found, str) else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_CONCEALED = NotAnswered(
    obstacle=Obstacle.REFUSED,
    because=say(
        "The tenant conceals the names in its usage reports, so this one names nobody. An administrator can show them:"
        " Microsoft 365 admin center > Settings > Org settings > Reports."
    ),
)
