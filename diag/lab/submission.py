"""The submission server: aiosmtpd, answering as a persona, deciding as the tenant does."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable
from email import message_from_bytes
from email.utils import parseaddr

from aiosmtpd.smtp import Envelope
from aiosmtpd.smtp import Session as SmtpSession

from diag.lab.tenant import Verdict
from diag.lab.wire import REFUSALS, Shared, Wire
from diag.stage import Stage

_MAX_AUTH = 12288  # octets of a line that carries an authentication, RFC 4954 4
_OK = 235
_DISABLED = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {where}. "
    "Visit https://aka.ms/smtp_auth_disabled for more information. {{tail}}"
)
_TOO_MANY = (
    "432 4.3.2 Concurrent connections limit exceeded. "
    "Visit https://aka.ms/concurrent_sending for more information. [Hostname={server}]"
)
_REFUSED = {
    Verdict.OFF_FOR_MAILBOX: _DISABLED.format(where="Mailbox"),
    Verdict.OFF_FOR_TENANT: _DISABLED.format(where="Tenant"),
    Verdict.TOO_MANY: _TOO_MANY,
    Verdict.THROTTLED: _TOO_MANY,
}
_SEND_AS_DENIED = (
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
    "Failed to process message due to a permanent exception with message Cannot submit message. [Hostname={server}]"
)
_NO_MAILBOX_ACCESS = (
    "430 4.2.0 STOREDRV; mailbox logon failure; "
    "STOREDRV.Submission.Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed; "
    "Failed to process message due to a transient exception with message [BeginDiagnosticData]Cannot open mailbox. "
    "[Hostname={server}]"
)


class _Hooks:
    """What aiosmtpd calls at the end of a message."""

    def __dir__(self) -> list[str]:
        return ["handle_DATA"]

    async def handle_DATA(self, server: "Submission", _session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        return server.judge_message(envelope)


_HOOKS = _Hooks()


class Submission(Wire):
    """One connection to the submission server."""

    def __init__(self, shared: Shared) -> None:
        self._content: bytes | None = None
        self._sender = ""
        self._recipients: tuple[str, ...] = ()
        self._app_only = False
        super().__init__(shared, _HOOKS)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the mailbox's connection back."""
        if self._record.user is not None:
            self._shared.exchange.left(self._record.user)
        super().connection_lost(error)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd finds commands by this name
        """Offer STARTTLS before TLS, and AUTH after it."""
        if not hostname:
            await self._say(None, "501 5.5.4 Invalid domain name {tail}")
            return
        self._forget()
        assert self.session is not None  # noqa: S101 - set when the connection was made
        self.session.extended_smtp = True
        self.session.host_name = hostname
        features = list(self._persona.features)
        if self._secured and self._mechanisms:
            features.insert(self._persona.slot, f"AUTH {' '.join(self._mechanisms)}")
        elif not self._secured and self._persona.tls and self._smtp.starttls != "stripped":
            features.insert(self._persona.slot, "STARTTLS")
        await self._say(Stage.EHLO_TLS if self._secured else Stage.EHLO, "250 " + "\n".join(features))

    @property
    def _mechanisms(self) -> tuple[str, ...]:
        return tuple(name for name in self._persona.mechanisms if name != "XOAUTH2" or self._smtp.xoauth2)

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802
        """AUTH XOAUTH2, with or without initial response; passwords are asked for and always refused."""
        if await self.check_helo_needed("EHLO"):
            return
        mechanism, _, initial = (arg or "").strip().partition(" ")
        mechanism = mechanism.upper()
        if self._record.user is not None:
            await self._say(Stage.AUTH, "503 5.5.1 Already authenticated")
        elif not self._secured or mechanism not in self._mechanisms:
            await self._say(Stage.AUTH, self._persona.mechanism_unknown)
        elif mechanism == "XOAUTH2":
            await self._xoauth2(initial.strip())
        else:
            questions = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6") if mechanism == "LOGIN" else ("334 ",)
            for question in questions[1 if initial else 0 :]:
                await self._ask(question)
            await self._refuse(self._persona.refused)

    async def _ask(self, challenge: str) -> str:
        await self._say(None, challenge)
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            await self._say(Stage.AUTH, "500 5.5.6 Authentication Exchange line is too long")
            self._hang_up()
        return line.rstrip(b"\r\n").decode("ascii", "replace")

    async def _xoauth2(self, initial: str) -> None:
        if initial and self._smtp.auth_form == "two-step":
            await self._say(Stage.AUTH, "500 5.5.2 Line too long")
            return
        if not initial and self._smtp.auth_form == "one-line":
            await self._say(Stage.AUTH, "501 5.5.4 Initial response required")
            return
        blob = initial or await self._ask("334 ")
        if blob == "*":
            await self._say(Stage.AUTH, "501 5.7.0 Authentication cancelled")
            return
        if len(blob) > _MAX_AUTH:
            await self._say(Stage.AUTH, "500 5.5.6 Authentication Exchange line is too long")
            return
        user, token = _credentials(blob)
        mailbox = self._shared.exchange.mailbox(user)
        self._own = mailbox.replies if mailbox else {}
        verdict = self._shared.exchange.sign_in(user, token)
        if verdict is not Verdict.WELCOME:
            if self._smtp.challenge:
                await self._ask("334 " + base64.b64encode(self._smtp.challenge.encode()).decode())
            echo = f" AUTH XOAUTH2 {blob}" if self._smtp.echo_auth else ""
            said = _REFUSED.get(verdict, self._persona.refused)
            if verdict is Verdict.THROTTLED and mailbox is not None:
                said = mailbox.throttled_reply or said
            await self._refuse(said + echo)
            return
        await self._say(Stage.AUTH, "235 2.7.0 Authentication successful")
        if self._code == _OK:
            self._record.user = user
            self._app_only = self._shared.exchange.is_application(token)
            self._shared.exchange.entered(user)

    async def _refuse(self, text: str) -> None:
        if self._smtp.refusal_delay_ms:
            await asyncio.sleep(self._smtp.refusal_delay_ms / 1000)
        await self._say(Stage.AUTH, text)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Refuse a sender that did not sign in, where the persona wants that."""
        persona = self._persona
        if await self.check_helo_needed():
            return
        if persona.tls_first and not self._secured:
            await self._say(Stage.MAIL, persona.tls_first)
        elif persona.auth_first and self._record.user is None:
            await self._say(Stage.MAIL, persona.auth_first)
        else:
            await self._at(Stage.MAIL, super().smtp_MAIL(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Refuse to relay for a sender that did not sign in."""
        self._recipient = (arg or "").partition("<")[2].partition(">")[0]
        ours = self._recipient.casefold().endswith(f"@{self._shared.scenario.tenant.domain}")
        if self._record.user is None and not (ours and self._smtp.persona == "mx"):
            await self._say(Stage.RCPT, self._persona.relay_denied)
        else:
            await self._at(Stage.RCPT, super().smtp_RCPT(arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take one message, and keep it if it was accepted."""
        self._content = None
        await self._at(Stage.DATA, super().smtp_DATA(arg))
        if self._content is not None and self._code < REFUSALS:
            self._shared.messages.append(self._content)
            self._shared.exchange.took(self._content, self._sender, self._recipients, self._peer)

    async def _at(self, stage: Stage, command: Awaitable[None]) -> None:
        """Run one of aiosmtpd's commands, its replies belonging to `stage`; a refused one leaves nothing behind."""
        self._stage = stage
        try:
            await command
        finally:
            self._stage = None
        if self._code >= REFUSALS and stage is Stage.MAIL:
            self._forget()

    def judge_message(self, envelope: Envelope) -> str:
        """Return the reply to a whole message: whether this mailbox may send it."""
        self._content = bytes(envelope.original_content or b"")
        self._sender, self._recipients = envelope.mail_from or "", tuple(envelope.rcpt_tos)
        user = self._record.user
        if self._app_only and user is not None and not self._shared.exchange.may_open(user):
            return _NO_MAILBOX_ACCESS
        written = parseaddr(str(message_from_bytes(self._content)["From"] or ""))[1]
        senders = {envelope.mail_from or "", written} - {""}
        if user is not None and not all(self._shared.exchange.may_send_as(user, sender) for sender in senders):
            return _SEND_AS_DENIED
        return self._persona.queued


def _credentials(blob: str) -> tuple[str, str]:
    """Return user and token of an XOAUTH2 response, both empty where it is not one."""
    try:
        fields = base64.b64decode(blob, validate=True).decode().split("\x01")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    match fields:
        case [user, auth, "", ""] if user.startswith("user=") and auth.startswith("auth=Bearer "):
            return user.removeprefix("user="), auth.removeprefix("auth=Bearer ")
    return "", ""
