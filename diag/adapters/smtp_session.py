"""One SMTP connection, exchange by exchange, every byte kept; aiosmtplib carries it, nothing of it is decided here."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from aiosmtplib import SMTPReadTimeoutError, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError
from aiosmtplib.protocol import SMTPProtocol

from diag.evidence import Breach, Reason, Reply, Silence, Step, Violation
from diag.secret import Redactor
from diag.stage import Stage

_MOST_KEPT = 65_536
_MOST_SHOWN = 200
_LINE = re.compile(r"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class RecordingProtocol(SMTPProtocol):
    """aiosmtplib's protocol, which also keeps what it hears, as it came, and when."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.heard = bytearray()
        self.heard_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Keep the bytes, then let aiosmtplib have them."""
        self.heard += data[: max(0, _MOST_KEPT - len(self.heard))]
        self.heard_at = self._loop.time()
        super().data_received(data)

    def take(self) -> bytes:
        """Return what was heard since the last call."""
        heard = bytes(self.heard)
        self.heard.clear()
        return heard

    def tls(self) -> ssl.SSLObject | None:
        """The TLS layer, None on a plain connection."""
        if self.transport is None:
            return None
        return cast("ssl.SSLObject | None", self.transport.get_extra_info("ssl_object"))


class _Budget(Protocol):
    def __call__(self) -> tuple[float, Reason]:
        """Seconds the next step may take, and what to call it when they are over."""
        ...


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


@dataclass(slots=True, kw_only=True)
class Session:
    """The connection and its transcript so far. `secured` turns true with verified TLS, and only then."""

    protocol: RecordingProtocol
    who: str
    redactor: Redactor
    budget: _Budget
    began: float
    secured: bool = False
    farewell: bytes = b""
    steps: list[Step] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def note(self, stage: Stage, breach: Breach, shown: str) -> None:
        """Record bytes that should not have come."""
        shown = self.redactor.clean(shown)[:_MOST_SHOWN]
        self.violations.append(Violation(stage=stage, breach=breach, shown=shown))

    def silence(self, reason: Reason, detail: str = "") -> Silence:
        """Say that the server did not answer."""
        return Silence(who=self.who, reason=reason, detail=self.redactor.clean(detail)[:_MOST_SHOWN])

    def record(self, stage: Stage, sent: str | None, answer: Reply | Silence, began: float, ended: float) -> None:
        """Append one step; `began` and `ended` are readings of the loop's clock in seconds."""
        self.steps.append(
            Step(
                stage=stage,
                sent=sent,
                answer=answer,
                at_ms=(began - self.began) * 1000,
                duration_ms=(ended - began) * 1000,
                secured=self.secured,
            )
        )

    async def exchange(
        self, stage: Stage, command: bytes | None, *, shown: str | None = None, message: bytes | None = None
    ) -> Reply | Silence:
        """Send one command (or a whole `message`, or nothing for the banner) and wait for its reply, once.

        `shown` stands in the transcript in place of a command that holds a secret.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        seconds, over = self.budget()
        answer: Reply | Silence
        early = self.farewell + self.protocol.take()
        if early.startswith(b"421"):  # a server may close at any time (RFC 5321, 3.8), and says so without being asked
            answer = self.understand(stage, early)
            self.record(stage, None, answer, began, loop.time())
            return answer
        self._unsolicited(stage, early)
        sent = shown if shown is not None or command is None else self.redactor.clean(_text(command))
        try:
            if message is not None:
                self.protocol.write(message)
            if command is None or message is not None:
                await self.protocol.read_response(timeout=seconds)
            else:
                await self.protocol.execute_command(command, timeout=seconds)
            answer = self.understand(stage, self.protocol.take())
        except (SMTPReadTimeoutError, SMTPTimeoutError):
            answer = self.silence(over, self._partial())
        except (SMTPServerDisconnected, ConnectionError):
            answer = self._last_words(stage)
        except SMTPResponseException:  # aiosmtplib could not read it as a reply
            answer = self.understand(stage, self.protocol.take())
        ended = self.protocol.heard_at if isinstance(answer, Reply) else loop.time()
        self.record(stage, sent, answer, began, max(began, ended))
        return answer

    def _partial(self) -> str:
        heard = self.protocol.take()
        return f"{len(heard)} bytes: {_text(heard)}" if heard else ""

    def _last_words(self, stage: Stage) -> Reply | Silence:
        """A server may say why before it hangs up; then that is its reply."""
        heard = self.protocol.take()
        if heard.endswith(b"\n"):
            return self.understand(stage, heard)
        return self.silence(Reason.DROPPED, _text(heard))

    def _unsolicited(self, stage: Stage, heard: bytes) -> None:
        if heard:
            self.note(stage, Breach.UNSOLICITED, _text(heard))

    def understand(self, stage: Stage, raw: bytes) -> Reply | Silence:
        """Read one reply strictly (RFC 5321, 4.2), and report whatever is not one."""
        lines: list[str] = []
        codes: set[str] = set()
        rest = _text(raw)
        is_clean = self.redactor.clean(rest) == rest  # nearly always, and then no line of it has to be cleaned
        while rest:
            line, newline, rest = rest.partition("\n")
            if not line.endswith("\r") or "\r" in line[:-1]:
                self.note(stage, Breach.BARE_LINE_ENDING, line)
            match = _LINE.fullmatch(line.rstrip("\r"))
            if match is None or not newline:
                too_long = len(raw) >= _MOST_KEPT or not newline
                self.note(stage, Breach.TOO_LONG if too_long else Breach.BAD_LINE, line)
                return self.silence(Reason.PROTOCOL, line)
            codes.add(match[1])
            words = (match[3] or "").rstrip(" \t")
            lines.append(words if is_clean else self.redactor.clean(words))
            if match[2] != "-":
                break
        if len(codes) != 1:
            self.note(stage, Breach.MIXED_CODES if codes else Breach.BAD_LINE, _text(raw))
            return self.silence(Reason.PROTOCOL, _text(raw))
        if rest.startswith("421") and stage is not Stage.STARTTLS:  # behind that answer nothing may come in clear
            self.farewell = rest.encode()
        elif rest:
            after = stage is Stage.STARTTLS
            self.note(stage, Breach.PLAINTEXT_AFTER_STARTTLS if after else Breach.UNSOLICITED, rest)
        return Reply(code=int(codes.pop()), lines=tuple(lines))

    def close(self) -> None:
        """Drop the connection at once."""
        transport: Any = self.protocol.transport
        if transport is not None:
            transport.abort()
