"""The `exchange` backend: the mailbox setting over the endpoint that Exchange Online's PowerShell module uses.

Microsoft Graph has no property for the setting. This endpoint has one and answers within seconds, but Microsoft
publishes no contract for it. Three cmdlets can be sent and no others (exchange_words.py); a change is sent once.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from diag.adapters.answers import AskToken, new_client, obtained, proxy_for, service_url
from diag.adapters.exchange_wire import Conversation
from diag.adapters.exchange_words import (
    mailbox_in,
    read_mailbox,
    read_mailboxes,
    read_organisation,
    set_mailbox,
    switch_in,
)
from diag.adapters.network import Route, straight
from diag.adapters.trust import Trust
from diag.evidence import Claims
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Settings, settings_of
from diag.secret import Redactor, Secret
from diag.sentence import say
from diag.setting import Accepted, Backend, Setting, Switch
from diag.subject import Cloud, is_address, tenant_name
from diag.token import read_token

EXCHANGE_URLS = {
    Cloud.GLOBAL: "https://outlook.office365.com",
    Cloud.GCC_HIGH: "https://outlook.office365.us",
    Cloud.DOD: "https://outlook-dod.office365.us",
    Cloud.CHINA: "https://outlook.office365.cn",
}
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
BACKEND = Backend(name="exchange", writes=True, vendor_supported=False)


def exchange_url(url: str) -> str:
    """Return `url` unchanged if a token may be sent there; raises `InvalidInputError` otherwise."""
    return service_url(url, EXCHANGE_URLS[Cloud.GLOBAL])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOnline:
    """The `MailboxSetting` port.

    `tenant` is an id or a domain; the endpoint is asked by id, which the token names. `timeout_s` holds for one request
    as a whole; a reading is two of them.
    """

    tenant: str
    token: AskToken
    trust: Trust
    redactor: Redactor
    base: str = EXCHANGE_URLS[Cloud.GLOBAL]
    timeout_s: float = 60
    route: Route = straight

    def __post_init__(self) -> None:
        """Refuse, with `InvalidInputError`, an address or a tenant that no token may be sent to."""
        tenant_name(self.tenant)
        exchange_url(self.base)

    @property
    def backend(self) -> Backend:
        """See the port."""
        return BACKEND

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        """Read both values; see the port. The organisation's is None where the account may not read it."""
        call = read_mailbox(mailbox)
        conversation = await self._begin(mailbox)
        if isinstance(conversation, NotAnswered):
            return conversation
        async with conversation.client:
            found = await conversation.ask(call)
            if isinstance(found, NotAnswered):
                return found
            own = found.switch(call, may_be_unset=True)
            if isinstance(own, NotAnswered):
                return own
            organisation = await _organisation(conversation)
        if isinstance(organisation, NotAnswered):
            return organisation
        return Setting(
            identity=found.mailbox or mailbox,
            mailbox=own,
            organisation=organisation,
            backend=BACKEND,
            observed_at=datetime.now(UTC),
        )

    async def all(self) -> Settings | NotAnswered:
        """Read the value of every mailbox, a thousand at a time, and the organisation's; see the port."""
        call = read_mailboxes()
        conversation = await self._begin()
        if isinstance(conversation, NotAnswered):
            return conversation
        mailboxes: dict[str, Switch | NotAnswered] = {}
        gap: NotAnswered | None = None
        async with conversation.client:
            async for page in conversation.pages(call):
                if isinstance(page, NotAnswered):
                    gap = page
                    continue
                for row in page.rows:
                    if (name := mailbox_in(row)) is not None:
                        mailboxes[name] = switch_in(row, call, may_be_unset=True)
            if gap is not None and not mailboxes:
                return gap
            organisation = await _organisation(conversation)
        # Without the organisation's value most of what was read is worth as much.
        everybody = organisation if isinstance(organisation, Switch) else None
        return settings_of(mailboxes, everybody, BACKEND, datetime.now(UTC), None if gap is None else gap.because)

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        """Send the change once; see the port."""
        call = set_mailbox(mailbox, value)
        conversation = await self._begin(mailbox)
        if isinstance(conversation, NotAnswered):
            return conversation
        async with conversation.client:
            found = await conversation.ask(call)
        return found if isinstance(found, NotAnswered) else Accepted(warnings=found.warnings)

    async def _begin(self, mailbox: str = "") -> Conversation | NotAnswered:
        if "*" in mailbox:
            pattern = say("{mailbox} holds an asterisk, and Exchange may take that for any text.", mailbox=mailbox)
            return NotAnswered(obstacle=Obstacle.REFUSED, because=pattern)
        token = await obtained(self.token, self.redactor)
        if isinstance(token, NotAnswered):
            return token
        tenant = _tenant(self.tenant, token)
        return Conversation(
            client=new_client(self.trust, self.timeout_s, proxy_for(self.base, self.route)),
            base=self.base,
            tenant=tenant,
            mailbox=mailbox,
            anchor=f"UPN:{mailbox}" if mailbox else _anchor(token, tenant),
            token=token,
            redactor=self.redactor,
            route=self.route,
            timeout_s=self.timeout_s,
        )


def _tenant(given: str, token: Secret) -> str:
    """The tenant that the endpoint is asked about: an id as it was given, else the one that the token names."""
    found = read_token(token)
    named = found.tenant if isinstance(found, Claims) else None
    return named if named and _GUID.fullmatch(named) and not _GUID.fullmatch(given) else given


def _anchor(token: Secret, tenant: str) -> str:
    """The mailbox that stands for a tenant as a whole: the administrator's, or one that every tenant has."""
    found = read_token(token)
    person = found.user if isinstance(found, Claims) and not found.app_only else None
    return f"UPN:{person}" if person and is_address(person) else f"APP:{_SYSTEM_MAILBOX}@{tenant}"


async def _organisation(conversation: Conversation) -> Switch | NotAnswered | None:
    """Read the organisation's value; None where a role for it is missing, which a mailbox's administrator may lack."""
    call = read_organisation()
    found = await conversation.ask(call)
    if isinstance(found, NotAnswered):
        return None if found.obstacle is Obstacle.NO_ROLE else found
    return found.switch(call, may_be_unset=False)
