"""What is said to a submission server, in bytes that need some care."""

import base64
import binascii
import socket
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid

from diag.secret import Secret
from diag.subject import Subject


def greeting_name(sock: socket.socket) -> str:
    """The address literal of RFC 5321, 4.1.3: true, and without the name of this computer."""
    address = sock.getsockname()[0].partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def xoauth2(user: str, token: Secret) -> Secret:
    """The initial client response of XOAUTH2, in base64."""
    return Secret(base64.b64encode(f"user={user}\x01auth=Bearer {token.reveal()}\x01\x01".encode()).decode())


def readable(challenge: str) -> str:
    """The text of a base64 challenge (Google and others put JSON there), as it came where it is not base64."""
    try:
        return base64.b64decode(challenge, validate=True).decode("utf-8", "backslashreplace")
    except (binascii.Error, ValueError):
        return challenge


def test_message(subject: Subject) -> bytes:
    """One short message from the device's sender to the recipient, with the line of a dot that ends it."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = subject.sender
    message["To"] = subject.recipient
    message["Subject"] = "diag: test message / message de test"
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=subject.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        "This message was sent by diag to test scan-to-email. You can delete it.\n"
        "Ce message a ete envoye par diag pour tester la numerisation vers e-mail. Vous pouvez le supprimer.\n"
    )
    # No line of this text begins with a dot, so there is nothing to stuff (RFC 5321, 4.5.2).
    return message.as_bytes() + b".\r\n"
