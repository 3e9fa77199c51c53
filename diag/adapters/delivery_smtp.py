"""Reports by e-mail through a submission server, in the dialogue that devices hold: a token through verified TLS alone.

A message that may have been taken is never sent again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid

from diag.adapters.answers import quoting
from diag.adapters.delivery_graph import fitting, kind_of, letter
from diag.adapters.delivery_sign_in import SignIn
from diag.adapters.network import Route, straight
from diag.adapters.smtp import Patience, Submission
from diag.evidence import Dialogue, LookupStatus, Reply, Silence, Step
from diag.evidence import Network as Found
from diag.health.delivery import Attachment, BySmtp, Delivered, Message, NotDelivered
from diag.health.plain import one_line
from diag.naming import reason, stage
from diag.ports import Network
from diag.secret import Secret
from diag.sentence import Sentence, say, well_formed
from diag.stage import Stage
from diag.subject import HOSTS, Cloud, Subject

_MOST_ATTACHED = 15_000_000  # bytes; 20 MB in base64, which every submission server of ours takes
_PASSING = range(400, 500)
_PATIENCE = Patience(step_s=60, total_s=180)  # a report is longer than a test message
_POLICY = SMTP_POLICY.clone(cte_type="7bit")  # no server has to understand 8BITMIME


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMail:
    """Sends mail as a mailbox; `translate` is the language of the few words that are added to a report."""

    sign_in: SignIn
    network: Network
    route: Route = straight
    patience: Patience = _PATIENCE
    resources: tuple[str, ...] = HOSTS[Cloud.GLOBAL].resources
    translate: Callable[[str], str] = str

    async def send(self, recipient: BySmtp, secret: Secret, message: Message) -> Delivered | NotDelivered:
        """Send one mail to one address, once."""
        subject = Subject(
            mailbox=recipient.sender,
            sender=recipient.sender,
            recipient=recipient.to,
            tenant=recipient.tenant,
            smtp_host=recipient.host,
            smtp_port=recipient.port,
        )
        address = await self._address(subject)
        if address is None:
            because = say("no address of {host} could be reached", host=subject.smtp_host)
            return NotDelivered(because=say("{why}.", why=because), again=True)
        token = await self.sign_in.token(
            tenant=recipient.tenant,
            client_id=recipient.client_id,
            secret=secret,
            by_itself=f"{self.resources[-1]}/.default",
            for_person=f"{self.resources[0]}/SMTP.Send",
        )
        if isinstance(token, NotDelivered):
            return token
        fits, note = fitting(message.attachments, _MOST_ATTACHED)
        added = note.in_language(self.translate) if note else ""
        submission = Submission(
            trust=self.sign_in.trust,
            redactor=self.sign_in.redactor,
            patience=self.patience,
            route=self.route,
            compose=lambda _: on_the_wire(mail(recipient, replace(message, attachments=fits), added)),
        )
        dialogue = await submission.dialogue(subject, address, token)
        refused = self._refused(dialogue)
        return Delivered(note=note) if refused is None else refused

    async def _address(self, subject: Subject) -> str | None:
        """Return an address of the server that takes connections, IPv4 before IPv6, as devices do."""
        lookups = await self.network.look_up(subject.smtp_host)
        addresses = (a for found in lookups if found.status is LookupStatus.ANSWERED for a in found.addresses)
        contacts = await self.network.reach(tuple(dict.fromkeys(addresses)), subject.smtp_port)
        return Found(host=subject.smtp_host, port=subject.smtp_port, lookups=lookups, contacts=contacts).reachable

    def _refused(self, dialogue: Dialogue) -> NotDelivered | None:
        """Say what kept the message from being taken; None where it was."""
        told = [step for step in dialogue.steps if step.stage is not Stage.QUIT]
        last = told[-1]
        in_full = last.stage is Stage.DATA and sum(step.stage is Stage.DATA for step in told) > 1
        match last.answer:
            case Reply(code=code) as reply if in_full and reply.positive:
                return None
            case Reply(code=code) as reply if not reply.positive:
                return NotDelivered(because=self._said(dialogue, last, reply), again=code in _PASSING)
            case Reply():
                return NotDelivered(because=_cut_short(dialogue), again=False)
            case Silence(reason=why, detail=detail):
                because = say("{host} fell silent ({stage}): {reason}.", **_at(dialogue, last), reason=reason(why))
                if in_full:
                    because = say(
                        "{why} It is not known whether the mail was sent, so it is not sent again.", why=because
                    )
                    return NotDelivered(because=because, again=False)
                if dialogue.tls is not None and not dialogue.tls.verified:
                    words = quoting(self.sign_in.redactor)(detail)
                    because = say(
                        "No trustworthy connection to {host} came about ({words}), so nothing was sent.",
                        host=dialogue.host,
                        words=words,
                    )
                    return NotDelivered(because=because, again=False)
                return NotDelivered(because=because, again=True)

    def _said(self, dialogue: Dialogue, step: Step, reply: Reply) -> Sentence:
        words = quoting(self.sign_in.redactor)(str(reply))
        return say("{host} refuses ({stage}): {words}", **_at(dialogue, step), words=words)


def _at(dialogue: Dialogue, step: Step) -> dict[str, str | Sentence]:
    return {"host": dialogue.host, "stage": stage(step.stage)}


def _cut_short(dialogue: Dialogue) -> Sentence:
    """Say why diag went no further, where the server refused nothing."""
    if not dialogue.trustworthy:
        return say("{host} does not keep to the protocol, so nothing was sent.", host=dialogue.host)
    if not dialogue.offers("XOAUTH2"):
        return say("{host} does not offer the sign-in with a token (XOAUTH2).", host=dialogue.host)
    return say("{host} did not let the mail in.", host=dialogue.host)


def mail(recipient: BySmtp, message: Message, note: str) -> bytes:
    """Return a whole message, as it stands in a mailbox."""
    written = EmailMessage(policy=_POLICY)
    written["From"] = recipient.sender
    written["To"] = recipient.to
    written["Subject"] = well_formed(one_line(message.subject))
    written["Date"] = format_datetime(datetime.now(UTC))
    written["Message-ID"] = make_msgid(domain=recipient.sender.rpartition("@")[2])
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(well_formed(letter(message, note)), cte="quoted-printable")
    for one in message.attachments:
        _attach(written, one)
    return written.as_bytes()


def _attach(written: EmailMessage, one: Attachment) -> None:
    kind, sort = kind_of(one)
    written.add_attachment(one.content, maintype=kind, subtype=sort, filename=well_formed(one_line(one.name)))


def on_the_wire(message: bytes) -> bytes:
    """Return a message as it is sent: lines that begin with a dot get another one (RFC 5321, 4.5.2), and its end."""
    return re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"
