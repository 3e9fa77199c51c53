"""The two applications diag needs, and what each may ask for; the device's may never ask for an administrator's."""

from collections.abc import Iterable
from dataclasses import dataclass

from diag.applications import MICROSOFT_GRAPH_ID, Kind, Purpose
from diag.subject import EXCHANGE_ONLINE_ID

NAMES = {Purpose.SMTP: "diag SMTP", Purpose.ADMIN: "diag administrator"}
SEND, SEND_AS_APP, MANAGE, MANAGE_AS_APP = "SMTP.Send", "SMTP.SendAsApp", "Exchange.Manage", "Exchange.ManageAsApp"
SERVICES = {EXCHANGE_ONLINE_ID: "Office 365 Exchange Online", MICROSOFT_GRAPH_ID: "Microsoft Graph"}
# What may stand beside SMTP.Send: one's own mail, and what Microsoft Entra adds to registrations unasked.
_HARMLESS = frozenset(
    {SEND, SEND_AS_APP, "IMAP.AccessAsUser.All", "POP.AccessAsUser.All"}
    | {"User.Read", "openid", "profile", "email", "offline_access"}
)


def is_an_administrators(value: str) -> bool:
    """Whether a permission must not stand on the device's application; one whose name is not known must not either."""
    return value not in _HARMLESS


@dataclass(frozen=True, slots=True)
class Asked:
    """A permission by its name; what is not `needed` is left out where the service does not have it."""

    service: str
    value: str
    kind: Kind = "delegated"
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """An application as it should be: of this tenant alone, allowed to use a device code, and with what it asks for."""

    purpose: Purpose
    asks: tuple[Asked, ...]

    def __post_init__(self) -> None:
        """Refuse, as a fault of ours, to want what an administrator may on the device's application."""
        if self.purpose is Purpose.SMTP and any(is_an_administrators(one.value) for one in self.asks):
            message = "an administrator's permission is wanted on the device's application"
            raise ValueError(message)

    @property
    def name(self) -> str:
        """The name it is registered under, and found by."""
        return NAMES[self.purpose]


def wanted(reading: Iterable[str], *, app_only: bool = False, unattended: bool = False) -> tuple[Wanted, Wanted]:
    """Return both; `reading` are the permissions of Microsoft Graph that the questions to the directory need.

    With `app_only` the device's application may also send by itself, with nobody signed in; with `unattended` the
    administrators' may ask so, as runs at night do.
    """
    manage = [Asked(EXCHANGE_ONLINE_ID, MANAGE)]
    kinds: list[Kind] = ["delegated"]
    if unattended:
        manage.append(Asked(EXCHANGE_ONLINE_ID, MANAGE_AS_APP, "application"))
        kinds.append("application")
    send = [Asked(EXCHANGE_ONLINE_ID, SEND)]
    if app_only:
        send.append(Asked(EXCHANGE_ONLINE_ID, SEND_AS_APP, "application"))
    # Not every cloud's Microsoft Graph has them all.
    names = sorted(set(reading))
    read = (Asked(MICROSOFT_GRAPH_ID, value, kind, needed=False) for kind in kinds for value in names)
    return Wanted(Purpose.SMTP, tuple(send)), Wanted(Purpose.ADMIN, (*manage, *read))
