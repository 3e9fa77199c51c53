"""Reads one line of a text: takes off what loggers and debuggers put before it, and sees who says it."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from diag.catalogue.words import plain

Side: TypeAlias = Literal["server", "client"]

NOT_SIGNED_IN = "5.7.57"  # Exchange Online: the client did not sign in, or was refused before
_MAX_LINE = 8_192  # characters of one line; longer ones come in pieces
_MAX_HEADS = 8  # prefixes one behind the other
_TIMES = (
    r"\d{4}[-/.]\d\d?[-/.]\d\d?[T ]\d\d?:\d\d(?::\d\d)?(?:[.,]\d{1,9})?\s?(?:Z|[+-]\d\d:?\d\d|UTC|GMT)?",
    r"\d{1,2}[/.-](?:\d{1,2}|[A-Za-z]{3})[/.-]\d{2,4},?\s\d\d?:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?[AP]M)?",
    # syslog goes on with the host and the program
    (
        r"(?:\w{3},?\s)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d"
        r"(?:\s[\w.-]{1,64}\s[\w./-]{1,48}(?:\[\d{1,9}\])?:)?"
    ),
    r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?",
)
_LEVELS = (
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN(?:ING)?",
    "ERR(?:OR)?",
    "CRITICAL",
    "FATAL",
    "SEVERE",
    "EXCEPTION",
    "Debug",
    "Info",
    "Warning",
    r"Error(?=[\]:|])",
)
_LOGS = (
    rf"[\[(]?(?:{'|'.join(_TIMES)})[\])]?",
    rf"[\[(<]?(?-i:{'|'.join(_LEVELS)})[\])>]?(?=[\s:|-])",
    r"\[[^\[\]]{1,48}\](?=[\s:])",  # a thread, a logger
    r"[\w./-]{1,48}\[\d{1,9}(?::\d{1,9})?\]:?(?=\s)",  # a program and its process
    r"[\w.]{1,48}:(?=\s+(?:S|C|R|reply|send):)",
    r"[\w:=()]{1,60}(?=<<<|>>>)",
)
_PEER = r" [\w.-]{1,80}\[[^\[\]]{1,60}\](?::\d{1,5})?:"  # Postfix names the other end
_SERVERS = (
    f"<{_PEER}",
    "SERVER -> CLIENT:",
    "SMTP<<?",
    "Server:",
    "reply:",
    "retcode:",
    "(?:S|R|Rx|in|recv|received):",
    r"Rx(?=\s)",
    "<<<?",
    "<-",
    "<~",
    r"<\*\*",
    r"<(?=\s)",
    "smtp;",
)
_CLIENTS = (
    rf">{_PEER}(?=\s+(?:EHLO|HELO|AUTH|MAIL|RCPT|DATA|STARTTLS|QUIT|RSET)\b|\s+[\w+/]{{12,}}={{0,2}}$)",
    "CLIENT -> SERVER:",
    "SMTP>>?",
    "Client:",
    "send:",
    "(?:C|Tx|out|sent):",
    r"Tx(?=\s)",
    ">>>?",
    "->",
    "~>",
    r"\*\*>",
)
_SESSION = re.compile(r"\[([\w:.-]{1,48})\][\s:|,-]*")
# What only a client is marked with; the other marks stand before anything that a program hands on.
_SENT = re.compile(r"(?:CLIENT -> SERVER:|\bClient:|\bC:|(?P<python>\bsend:))\s*$", re.IGNORECASE)
# Possessive at its blanks: no text makes it try twice.
_HEAD = re.compile(
    rf"\s*+(?:(?P<log>(?:{'|'.join(_LOGS)})[\s:|,-]*+)|(?P<server>(?:{'|'.join(_SERVERS)})\s*+)"
    rf"|(?P<client>(?:{'|'.join(_CLIENTS)})\s*+)|(?P<quote>[#|*>]\s*+))",
    re.IGNORECASE,
)
_CODE = re.compile(r"[\s'\"(`\[{]{0,6}b?['\"]?(?P<code>[2-5]\d\d)(?P<more>[- :;,)'\"\]]|$)")
# The codes that mail servers refuse with; any other number in front of a line may be anything, a port among them.
REFUSALS = frozenset(
    str(code) for code in (421, 430, 432, *range(450, 456), 471, *range(500, 505), 521, 523, 530, *range(534, 558))
)
_HEALTHY = frozenset(("220", "221", "235", "250", "251", "252", "253", "334", "354"))
_ENHANCED = re.compile(r"[\s'\"(`]{0,4}[45]\.\d\.\d{1,3}(?![\d.])\s?")
_REFUSAL = re.compile(r"(?<![\w.])[45]\d\d[- :#(]{1,3}#?[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_VERB = re.compile(
    r"[\s'\"b]{0,4}(?:(?:EHLO|HELO)\s|AUTH\s(?!failed|unsucc)[A-Z]|MAIL FROM:|RCPT TO:|STARTTLS\b(?!\s+\w)"
    r"|DATA(?:['\"\\\s]|$)|QUIT\b|RSET\b|NOOP\b)"
)
_SIGN_IN = re.compile(r"[\s'\"{(]{0,4}AADSTS\d{4,8}")
# Exchange Online ends its replies with the server, the time and an id: no two are alike, and they say nothing.
_TAIL = re.compile(
    r"\[(?:[\w-]{1,40}\.[\w-]{1,24}\.(?=prod\.))?(?P<host>[\w.-]{0,80})\s{1,4}\d{4}-\d\d-\d\dT[\d:.]{8,20}Z\s{1,4}[0-9A-F]{16}\]",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Line:
    """One line: its number from 1, what it says behind its prefixes, who says it, and its SMTP code.

    `logged` says that a logger or debugger put something before it, `more` that the reply goes on in the next line;
    `session` is the mark by which a log with several dialogues tells them apart.
    """

    number: int
    raw: str
    body: str
    side: Side | None = None
    logged: bool = False
    session: str | None = None
    code: str | None = None
    more: bool = False

    @property
    def healthy(self) -> bool:
        """Whether a server says here that all is well."""
        return self.code in _HEALTHY and (self.side == "server" or not self.has_refusal)

    @property
    def has_refusal(self) -> bool:
        """Whether a code and an enhanced code of a refusal stand anywhere in it."""
        return bool(_REFUSAL.search(self.body))

    @property
    def refuses(self) -> bool:
        """Whether a refusal begins here: a code, an enhanced code, or a number of the sign-in service."""
        return self.code in REFUSALS or bool(_ENHANCED.match(self.body) or _SIGN_IN.match(self.body))

    @property
    def without_code(self) -> str:
        """What stands behind the code and the enhanced code."""
        code = _CODE.match(self.body)
        return _ENHANCED.sub("", self.body[code.end() :], count=1) if code else self.body


def _is_sent(head: str, body: str) -> bool:
    """Whether a client really sends `body`, and no program shows there what it was told."""
    sent = _SENT.search(head)
    if sent is None or _REFUSAL.match(body):
        return False
    return body.removeprefix("b").startswith("'") if sent["python"] else True


def read_line(number: int, raw: str) -> Line:
    """Take the prefixes off a line, and see who says it and with which code."""
    text = plain(raw[:_MAX_LINE]).rstrip()
    line = Line(number, raw, text)
    at = 0
    for _ in range(_MAX_HEADS):
        head = _HEAD.match(text, at)
        if head is None or head.end() == at:
            break
        at = head.end()
        if head["log"] and (mark := _SESSION.fullmatch(head["log"])):
            line.session = mark[1]
        line.logged = line.logged or head["quote"] is None
        if head["server"]:
            line.side = "server"
        elif head["client"]:
            line.side = "client"
    line.body = _TAIL.sub(r"[\g<host>]", text[at:]) if "[" in text else text[at:]
    if line.side != "server" and _VERB.match(line.body):
        line.side = "client"
    if line.side == "client" and line.has_refusal and not _is_sent(text[:at], line.body):
        line.side = None  # a program that hands a refusal on
    if line.side != "client" and (code := _CODE.match(line.body)):
        line.code, line.more = code["code"], code["more"] == "-"
    return line
