"""The submission dialogue as a device holds it: 587, STARTTLS, AUTH XOAUTH2, one attempt, one deadline.

Facts and traps: RFC 5321, RFC 3207, RFC 4954; Google's and Microsoft's description of the XOAUTH2 mechanism.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from diag.adapters.certificates import SELF_SIGNED_LEAF, chain_of, describe_chain, flaws_of, inspecting_product
from diag.adapters.network import Route, open_socket, straight
from diag.adapters.smtp_look import look
from diag.adapters.smtp_words import greeting_name, readable, test_message, xoauth2
from diag.adapters.trust import Trust
from diag.evidence import Dialogue, Flaw, Reason, Reply, Silence, Step, Tls, offers
from diag.secret import Redactor, Secret
from diag.stage import Stage
from diag.subject import Subject

if TYPE_CHECKING:
    from diag.adapters.smtp_session import Session

_READY, _AUTHENTICATED, _CHALLENGE, _START_MAIL = 220, 235, 334, 354
# Answers to a bare "AUTH XOAUTH2" that say the two-step form is not understood; no credential was refused by them.
_TWO_STEP_UNKNOWN = frozenset({500, 501, 502, 555})
_QUIT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: for one step, and for the whole dialogue. Exchange Online takes about 5 s to refuse a sign-in."""

    step_s: float = 20
    total_s: float = 60


@dataclass(slots=True)
class _Talk:
    """What one dialogue has learned so far."""

    subject: Subject
    session: "Session"
    features_before: tuple[str, ...] = ()
    features_after: tuple[str, ...] = ()
    tls: Tls | None = None
    challenge: str | None = None

    def untrusted(self) -> bool:
        """Whether the other side sent bytes that make the session worthless."""
        return any(violation.breach.fatal for violation in self.session.violations)


def _good(answer: Reply | Silence, *codes: int) -> bool:
    return isinstance(answer, Reply) and answer.code in codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The `Smtp` port, on aiosmtplib's protocol.

    `compose` writes the message where there is a recipient: its bytes as they are sent, with the line that ends it.
    """

    trust: Trust
    redactor: Redactor
    patience: Patience = Patience()
    route: Route = straight
    compose: Callable[[Subject], bytes] = test_message

    async def dialogue(self, subject: Subject, address: str, token: Secret | None) -> Dialogue:
        """Hold one dialogue with `address`; see the port. The token is sent only through TLS that verified."""
        started_at = datetime.now(UTC)
        loop = asyncio.get_running_loop()
        began = loop.time()
        end = began + self.patience.total_s
        who = f"{subject.smtp_host}:{subject.smtp_port}"
        try:
            sock = await open_socket(*self.route(address, subject.smtp_port), self.patience.step_s)
        except OSError as problem:
            reason = Reason.TIMEOUT if isinstance(problem, TimeoutError) else Reason.REFUSED
            silence = Silence(who=who, reason=reason, detail=problem.strerror or "")
            spent = (loop.time() - began) * 1000
            step = Step(stage=Stage.CONNECT, sent=None, answer=silence, at_ms=0, duration_ms=spent, secured=False)
            return Dialogue(
                host=subject.smtp_host, port=subject.smtp_port, address=address, started_at=started_at, steps=(step,)
            )

        from diag.adapters.smtp_session import RecordingProtocol, Session

        def budget() -> tuple[float, Reason]:
            left = end - loop.time()
            return (
                (max(left, 0.01), Reason.DEADLINE)
                if left < self.patience.step_s
                else (self.patience.step_s, Reason.TIMEOUT)
            )

        name = greeting_name(sock)
        _, protocol = await loop.create_connection(RecordingProtocol, sock=sock)
        session = Session(protocol=protocol, who=who, redactor=self.redactor, budget=budget, began=began)
        talk = _Talk(subject, session)
        try:
            await self._talk(talk, name, address, token)
        finally:
            session.close()
        return Dialogue(
            host=subject.smtp_host,
            port=subject.smtp_port,
            address=address,
            started_at=started_at,
            steps=tuple(session.steps),
            features_before=talk.features_before,
            features_after=talk.features_after,
            tls=talk.tls,
            violations=tuple(session.violations),
            challenge=talk.challenge,
        )

    async def _talk(self, talk: _Talk, name: str, address: str, token: Secret | None) -> None:
        ready = await self._open(talk, name, address) and offers(talk.features_after, "XOAUTH2")
        if ready and token is not None and await self._authenticate(talk, token):
            await self._submit(talk)
        steps = talk.session.steps
        if steps and isinstance(steps[-1].answer, Reply) and steps[-1].answer.code != 421:  # noqa: PLR2004 - closing
            await self._quit(talk.session)

    async def _open(self, talk: _Talk, name: str, address: str) -> bool:
        """From the banner to the second EHLO; true where AUTH may follow."""
        session = talk.session
        if not _good(await session.exchange(Stage.BANNER, None), _READY):
            return False
        hello = f"EHLO {name}".encode()
        greeting = await session.exchange(Stage.EHLO, hello)
        if not isinstance(greeting, Reply) or not greeting.positive:
            return False
        talk.features_before = greeting.lines[1:]
        # Asked for even where it is not offered: a firewall that strips the offer shows itself in the refusal.
        if not await self._start_tls(talk, address) or talk.untrusted():
            return False
        greeting = await session.exchange(Stage.EHLO_TLS, hello)
        if not isinstance(greeting, Reply) or not greeting.positive:
            return False
        talk.features_after = greeting.lines[1:]
        return not talk.untrusted()

    async def _start_tls(self, talk: _Talk, address: str) -> bool:
        """STARTTLS and the handshake; true where the channel is verified."""
        from aiosmtplib import SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

        session, protocol = talk.session, talk.session.protocol
        loop = asyncio.get_running_loop()
        began = loop.time()
        if session.farewell:  # said behind the answer to EHLO; the exchange takes it for the answer, and sends nothing
            await session.exchange(Stage.STARTTLS, b"STARTTLS")
            return False
        seconds, over = session.budget()
        protocol.take()
        problem: Exception | None = None
        host = talk.subject.smtp_host.rstrip(".")
        try:
            async with asyncio.timeout(seconds):  # aiosmtplib's time-out counts for the answer and the handshake apart
                await protocol.start_tls(self.trust.context, server_hostname=host, timeout=seconds)
        except (SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError, OSError) as raised:
            problem = raised
        heard, heard_at = protocol.take(), max(began, protocol.heard_at)
        if not heard:
            reason = over if isinstance(problem, SMTPTimeoutError | TimeoutError) else Reason.DROPPED
            session.record(Stage.STARTTLS, "STARTTLS", session.silence(reason), began, loop.time())
            return False
        answer = session.understand(Stage.STARTTLS, heard)
        session.record(Stage.STARTTLS, "STARTTLS", answer, began, heard_at)
        if not _good(answer, _READY):
            return False
        if problem is None:
            talk.tls = self._agreed(protocol.tls(), (loop.time() - heard_at) * 1000)
            session.secured = talk.tls.verified
            return session.secured
        talk.tls, silence = await self._failed(problem, talk, address, over)
        session.record(Stage.TLS, None, silence, heard_at, loop.time())
        return False

    def _agreed(self, tls: ssl.SSLObject | None, duration_ms: float) -> Tls:
        if tls is None:
            return Tls(verified=False, error="no TLS layer after the handshake", trust=self.trust.source)
        chain = describe_chain(chain_of(tls))
        cipher = tls.cipher()
        return Tls(
            verified=tls.context.verify_mode is ssl.CERT_REQUIRED and tls.context.check_hostname,
            version=tls.version(),
            cipher=cipher[0] if cipher else None,
            chain=chain,
            product=inspecting_product(chain),
            trust=self.trust.source,
            duration_ms=duration_ms,
        )

    async def _failed(self, problem: Exception, talk: _Talk, address: str, over: Reason) -> tuple[Tls, Silence]:
        """Say why the handshake failed; where the certificate was refused, fetch the chain to show it."""
        session = talk.session
        match problem:
            case ssl.SSLCertVerificationError():
                tls = await self._refused_chain(problem, talk, address)
                return tls, session.silence(Reason.TLS, problem.verify_message)
            case ssl.SSLError():
                error = problem.reason or "handshake failed"
                return Tls(verified=False, error=error, trust=self.trust.source), session.silence(Reason.TLS, error)
            case TimeoutError():
                return Tls(verified=False, error="time-out", trust=self.trust.source), session.silence(over)
            case _:
                return Tls(verified=False, error="dropped", trust=self.trust.source), session.silence(Reason.DROPPED)

    async def _refused_chain(self, problem: ssl.SSLCertVerificationError, talk: _Talk, address: str) -> Tls:
        """Look at the chain in a second connection, without verification; nothing is sent after its handshake."""
        seconds, _ = talk.session.budget()
        chain: list[bytes] = []
        version = cipher = None
        try:
            async with asyncio.timeout(seconds):
                tls = await look(await open_socket(*self.route(address, talk.subject.smtp_port), seconds), talk.subject)
                chain, version, cipher = tls
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the refusal itself is known; only its picture is missing
        described = describe_chain(chain)
        if problem.verify_code == SELF_SIGNED_LEAF and not (described and described[0].self_issued):
            # The second connection led to somebody else; better no picture than a false one.
            chain, described = [], ()
        flaws = flaws_of(chain, talk.subject.smtp_host.rstrip("."), problem)
        return Tls(
            verified=False,
            version=version,
            cipher=cipher,
            chain=described,
            flaws=flaws,
            product=inspecting_product(described) if Flaw.INSPECTED in flaws else None,
            trust=self.trust.source,
            error=problem.verify_message,
        )

    async def _authenticate(self, talk: _Talk, token: Secret) -> bool:
        """AUTH XOAUTH2 in two steps; in one line only where the server does not know the two-step form."""
        session = talk.session
        response = xoauth2(talk.subject.mailbox, token)
        self.redactor.add(token)
        size = len(response)
        if not session.secured or session.protocol.tls() is None:
            return False
        answer = await session.exchange(Stage.AUTH, b"AUTH XOAUTH2")
        if isinstance(answer, Reply) and answer.code in _TWO_STEP_UNKNOWN and not talk.untrusted():
            line = b"AUTH XOAUTH2 " + response.reveal().encode()
            answer = await session.exchange(Stage.AUTH, line, shown=f"AUTH XOAUTH2 *** ({size})")
        elif _good(answer, _CHALLENGE) and not talk.untrusted():
            blob = response.reveal().encode()
            answer = await session.exchange(Stage.AUTH, blob, shown=f"*** ({size})")
        if isinstance(answer, Reply) and answer.code == _CHALLENGE and not talk.untrusted():
            talk.challenge = self.redactor.clean(readable(answer.text))
            answer = await session.exchange(Stage.AUTH, b"", shown="")
            if _good(answer, _CHALLENGE):
                answer = await session.exchange(Stage.AUTH, b"*")
        return _good(answer, _AUTHENTICATED) and not talk.untrusted()

    async def _submit(self, talk: _Talk) -> None:
        """MAIL and RCPT always, to the mailbox itself where no recipient was given; DATA only with a recipient."""
        session, subject = talk.session, talk.subject
        answer = await session.exchange(Stage.MAIL, f"MAIL FROM:<{subject.sender}>".encode())
        if not isinstance(answer, Reply) or not answer.positive:
            return
        to = subject.recipient or subject.mailbox
        answer = await session.exchange(Stage.RCPT, f"RCPT TO:<{to}>".encode())
        if not isinstance(answer, Reply) or not answer.positive or subject.recipient is None:
            return
        if _good(await session.exchange(Stage.DATA, b"DATA"), _START_MAIL):
            message = self.compose(subject)
            await session.exchange(Stage.DATA, None, shown=message.decode(), message=message)

    @staticmethod
    async def _quit(session: "Session") -> None:
        """Say goodbye; how it is answered changes nothing."""
        left, _ = session.budget()
        session.budget = lambda: (min(_QUIT_S, left), Reason.TIMEOUT)
        await session.exchange(Stage.QUIT, b"QUIT")
