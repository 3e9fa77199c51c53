"""Which roots are trusted: one SSLContext for the whole run, since making one costs tens of milliseconds."""

import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from diag.files import why
from diag.sentence import say
from diag.subject import InvalidInputError, printable


class _SharedContext(ssl.SSLContext):
    """A context for SMTP and HTTPS alike.

    HTTP libraries write their protocol list into the context they are given, and that list has no place in a handshake
    with a mail server.
    """

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Keep the handshake free of application protocols."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A verifying context, and where its roots come from, in words for the report."""

    context: ssl.SSLContext
    source: str


def trust(ca_file: Path | None) -> Trust:
    """Trust the system's roots, or those in `ca_file` (PEM) alone; raises `InvalidInputError` where it holds none."""
    context = _SharedContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and host name
    if ca_file is None:
        context.load_default_certs()
        return Trust(context, os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or "system")
    try:
        context.load_verify_locations(cafile=ca_file)
        return Trust(context, str(ca_file))
    except ssl.SSLError as problem:
        raise InvalidInputError(
            say("The CA file '{file}' holds no certificate in PEM form.", file=printable(str(ca_file), 200))
        ) from problem
    except (OSError, ValueError) as problem:
        reason = why(problem) if isinstance(problem, OSError) else type(problem).__name__
        raise InvalidInputError(
            say("The CA file '{file}' cannot be read: {reason}.", file=printable(str(ca_file), 200), reason=reason)
        ) from problem


def without_verification() -> ssl.SSLContext:
    """A context to look at a chain that failed verification; nothing is ever sent after its handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
