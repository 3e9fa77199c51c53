"""Who and what is examined: one mailbox, its tenant, and the server its scanner is told to use."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from diag.sentence import Sentence, say

_MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_MAX_HOST = 253  # RFC 1035, 2.3.4, without the lengths of the labels
_MAX_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATEXT}(?:\.{_ATEXT})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_TENANT = re.compile(rf"[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}|{_LABEL}(?:\.{_LABEL})+")
_MAX_PORT = 65535


class Cloud(StrEnum):
    """Microsoft's clouds; each has hosts of its own."""

    GLOBAL = "global"
    GCC_HIGH = "gcc-high"
    DOD = "dod"
    CHINA = "china"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a cloud signs people in, where it takes mail from devices, and the names of Exchange Online as a resource.

    A device asks for the first resource; an application on its own for the last. `old_tls` is where it takes mail from
    devices with TLS 1.0 or 1.1; None where it nowhere does.
    """

    sign_in: str
    smtp: str
    resources: tuple[str, ...]
    old_tls: str | None = None


HOSTS = {
    Cloud.GLOBAL: Hosts(
        "login.microsoftonline.com",
        "smtp.office365.com",
        ("https://outlook.office.com", "https://outlook.office365.com"),
        "smtp-legacy.office365.com",
    ),
    Cloud.GCC_HIGH: Hosts("login.microsoftonline.us", "smtp.office365.us", ("https://outlook.office365.us",)),
    Cloud.DOD: Hosts("login.microsoftonline.us", "outlook-dod.office365.us", ("https://outlook-dod.office365.us",)),
    Cloud.CHINA: Hosts(
        "login.chinacloudapi.cn",
        "smtp.partner.outlook.cn",
        ("https://partner.outlook.cn",),
        "smtp-legacy.partner.outlook.cn",
    ),
}
_OLD_TLS = frozenset(hosts.old_tls for hosts in HOSTS.values() if hosts.old_tls)
_EXCHANGE = _OLD_TLS.union(hosts.smtp for hosts in HOSTS.values())
TLS_VERSIONS = {"ssl3": "SSL 3", "1.0": "TLS 1.0", "1.1": "TLS 1.1", "1.2": "TLS 1.2", "1.3": "TLS 1.3"}
# The application id of "Office 365 Exchange Online", the same in every cloud: it may stand as audience too.
EXCHANGE_ONLINE_ID = "00000002-0000-0ff1-ce00-000000000000"


Account: TypeAlias = Literal["personal", "organisation"]
# Domains in which Microsoft gives mailboxes to people; such a mailbox is no organisation's. A part of a pattern.
PERSONAL_DOMAIN = r"(?:outlook|hotmail|live|msn|windowslive|passport)\.[a-z]{2,3}(?:\.[a-z]{2})?"


class InvalidInputError(ValueError):
    """What was typed cannot be used; `sentence` says why in words for the person who typed it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def printable(text: str, limit: int = 80) -> str:
    """Return `text` fit for a terminal: control and direction characters as escapes, at most `limit` characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def address(text: str) -> str:
    """Return `text` unchanged if it is one bare mail address (RFC 5321 dot-string@domain, ASCII).

    Raises `InvalidInputError` for everything else; nothing is trimmed, unquoted or repaired.
    """
    if is_address(text):
        return text
    shown = printable(text)
    if not text.isascii():
        raise InvalidInputError(
            say("'{shown}' has characters outside ASCII; sign-in names in Microsoft 365 have none.", shown=shown)
        )
    if any(ord(c) < ord(" ") or ord(c) == 127 for c in text):  # noqa: PLR2004 - DEL, the one control above space
        raise InvalidInputError(say("'{shown}' contains a control character or line break.", shown=shown))
    if "<" in text or ">" in text:
        raise InvalidInputError(
            say(
                "'{shown}' has a display name or brackets; give only the address, like scanner@contoso.com.",
                shown=shown,
            )
        )
    raise InvalidInputError(say("'{shown}' is not a mail address like scanner@contoso.com.", shown=shown))


def is_address(text: str) -> bool:
    """Whether `text` is one bare mail address, as `address` lets it pass."""
    match = _ADDRESS.fullmatch(text)
    return match is not None and len(text) <= _MAX_ADDRESS and len(match["local"]) <= _MAX_LOCAL


def host_name(text: str) -> str:
    """Return `text` unchanged if it can be a host name or IPv4 address; raises `InvalidInputError` otherwise."""
    if not _HOST.fullmatch(text) or len(text.rstrip(".")) > _MAX_HOST:
        raise InvalidInputError(say("'{shown}' is not a host name.", shown=printable(text)))
    return text


def tenant_name(text: str) -> str:
    """Return `text` unchanged if it is a tenant id (GUID) or a domain; raises `InvalidInputError` otherwise."""
    if not _TENANT.fullmatch(text):
        raise InvalidInputError(
            say("'{shown}' is neither a tenant id nor a domain like contoso.com.", shown=printable(text))
        )
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is examined.

    `sender` is the address in MAIL FROM and From, as the device sends it; `recipient` is set only where one real
    test message is to be sent. `tenant` is a tenant id or domain; without one the mailbox's domain stands for it.
    `device_tls` is the newest version that the device is set to, a key of `TLS_VERSIONS`; None where nobody says.
    """

    mailbox: str
    sender: str
    recipient: str | None = None
    tenant: str | None = None
    smtp_host: str = HOSTS[Cloud.GLOBAL].smtp
    smtp_port: int = 587
    cloud: Cloud = Cloud.GLOBAL
    device_tls: str | None = None

    def __post_init__(self) -> None:
        """Refuse, with `InvalidInputError`, whatever could not be sent as it stands."""
        address(self.mailbox)
        address(self.sender)
        if self.recipient is not None:
            address(self.recipient)
        if self.tenant is not None:
            tenant_name(self.tenant)
        host_name(self.smtp_host)
        if not 0 < self.smtp_port <= _MAX_PORT:
            raise InvalidInputError(say("{port} is not a port number (1 to 65535).", port=self.smtp_port))
        if self.device_tls is not None and self.device_tls not in TLS_VERSIONS:
            shown, versions = printable(self.device_tls), ", ".join(TLS_VERSIONS)
            raise InvalidInputError(
                say("'{shown}' is not a version of TLS ({versions}).", shown=shown, versions=versions)
            )

    @property
    def is_exchange(self) -> bool:
        """Whether the host is one where Exchange Online takes mail from devices."""
        return self._host in _EXCHANGE

    @property
    def takes_old_tls(self) -> bool:
        """Whether the host is the one that Exchange Online has for devices with old TLS."""
        return self._host in _OLD_TLS

    @property
    def _host(self) -> str:
        return self.smtp_host.lower().rstrip(".")

    @property
    def realm(self) -> str:
        """The tenant to ask about: the one given, else the mailbox's domain."""
        return self.tenant or self.mailbox.rpartition("@")[2]

    @property
    def account(self) -> Account:
        """Whose the mailbox is, by its domain."""
        is_personal = re.fullmatch(PERSONAL_DOMAIN, self.mailbox.rpartition("@")[2], re.IGNORECASE)
        return "personal" if is_personal else "organisation"
