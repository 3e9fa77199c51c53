"""The `graph` backend: the mailbox setting read out of a snapshot of the tenant's configuration.

It is the only way in which Microsoft Graph tells the setting. A snapshot holds every mailbox of the tenant, takes
minutes, and counts against a monthly quota; it suits a report about many mailboxes. It cannot change anything.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from diag.adapters.answers import ONE_MEBIBYTE, Quoted, quoting
from diag.adapters.graph_reading import Record
from diag.adapters.graph_refusals import unreadable
from diag.adapters.graph_wire import Conversation, GraphService, conversing
from diag.adapters.graph_words import SNAPSHOT, SNAPSHOT_JOB, SNAPSHOT_RESULT
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import Settings, settings_of
from diag.sentence import Sentence, say
from diag.setting import Accepted, Backend, Setting, Switch
from diag.subject import address, is_address

BACKEND = Backend(name="graph", writes=False, vendor_supported=True)
_SETTING = "SmtpClientAuthenticationDisabled"
_MAILBOXES, _ORGANISATION = "microsoft.exchange.casmailboxsettings", "microsoft.exchange.transportconfig"
_ORDER: Mapping[str, Any] = {
    "displayName": "diag SMTP AUTH",
    "description": "diag",
    "resources": [_MAILBOXES, _ORGANISATION],
}
_QUOTA = 20_000  # learn.microsoft.com/graph/api/resources/unified-tenant-configuration-management-api-overview
_MOST_BYTES = 64 * ONE_MEBIBYTE
_LONGEST_PAUSE_S = 30.0
_GROWTH = 1.5
_PLACE = re.compile(r"/configurationSnapshots(?:\('([A-Za-z0-9-]{1,64})'\)|/([A-Za-z0-9-]{1,64}))$")
_IN_PART = "partiallySuccessful"
_DONE, _FAILED = frozenset({"succeeded", _IN_PART}), frozenset({"failed"})
_SWITCHES: Mapping[Any, Switch] = {True: Switch.OFF, False: Switch.ON}


@dataclass(frozen=True, slots=True)
class GraphSnapshot:
    """The `MailboxSetting` port, reading only.

    The service's time-out holds for a reading as a whole. The first look at the job comes after `first_pause_s`; each
    pause after it is longer, up to half a minute.
    """

    service: GraphService
    first_pause_s: float = 2

    @property
    def backend(self) -> Backend:
        """See the port."""
        return BACKEND

    async def write(self, mailbox: str, value: Switch) -> Accepted | NotAnswered:
        """Refuse; see the port."""
        del mailbox, value
        because = say("Microsoft Graph can read the setting and cannot change it.")
        return NotAnswered(obstacle=Obstacle.NOT_WRITABLE, because=because)

    async def read(self, mailbox: str) -> Setting | NotAnswered:
        """Take a snapshot and look up one mailbox; see the port."""
        address(mailbox)
        found = await self.all()
        if isinstance(found, NotAnswered):
            return found
        absent = say("The snapshot of the tenant's configuration does not have the mailbox {mailbox}.", mailbox=mailbox)
        missing = NotAnswered(obstacle=Obstacle.NOT_FOUND, because=absent)
        return found.mailboxes.get(mailbox.casefold(), missing)

    async def all(self) -> Settings | NotAnswered:
        """Take a snapshot, once, wait for it, and read all of it; see the port."""
        service = replace(self.service, at_once=1, most_bytes=_MOST_BYTES)
        async with conversing(service) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            return await self._snapshot(conversation)

    async def _snapshot(self, conversation: Conversation) -> Settings | NotAnswered:
        job = await conversation.ask(SNAPSHOT, lambda sdk: sdk.snapshot(_ORDER), lambda found: found.id("id") or None)
        if isinstance(job, NotAnswered):
            return _with_quota(job)
        done = await self._done(conversation, job)
        if isinstance(done, NotAnswered):
            return done
        place = _id_in(done)
        if isinstance(place, NotAnswered):
            return place
        found = await conversation.ask(SNAPSHOT_RESULT, lambda sdk: sdk.snapshot_result(place), _resources)
        if isinstance(found, NotAnswered):
            return found
        partly = say("the snapshot holds only a part of the tenant's configuration")
        gap = partly if done.text("status") == _IN_PART else None
        return settings_in(found, quoting(conversation.redactor), gap)

    async def _done(self, conversation: Conversation, job: str) -> Record | NotAnswered:
        """Wait until the snapshot is there, and return the job."""
        for pause_s in _pauses(self.first_pause_s):
            if asyncio.get_running_loop().time() + pause_s >= conversation.deadline:
                late = say(
                    "Microsoft Graph has not finished the snapshot of the tenant's configuration within {seconds} s.",
                    seconds=round(self.service.timeout_s),
                )
                return NotAnswered(obstacle=Obstacle.UNAVAILABLE, because=late)
            await asyncio.sleep(pause_s)
            found = await conversation.ask(SNAPSHOT_JOB, lambda sdk: sdk.snapshot_job(job), lambda record: record)
            if isinstance(found, NotAnswered):
                return found
            if (status := found.text("status")) in _FAILED:
                return _failed(found)
            if status in _DONE:
                return found
            if not status:
                return unreadable(say("{property} is missing", property="status"))
        raise AssertionError  # the pauses do not end


def _pauses(first_s: float) -> Iterator[float]:
    pause_s = first_s
    while True:
        yield pause_s
        pause_s = min(pause_s * _GROWTH, _LONGEST_PAUSE_S)


def _failed(found: Record) -> NotAnswered:
    failed = say("Microsoft Graph could not take the snapshot of the tenant's configuration.")
    quote = "; ".join(found.texts("errorDetails"))[:200]
    said = say("{sentence} The server says: {quote}", sentence=failed, quote=quote) if quote else failed
    return _with_quota(NotAnswered(obstacle=Obstacle.REFUSED, because=said))


def _with_quota(refusal: NotAnswered) -> NotAnswered:
    """Add what a tenant may have, to a refusal that may be because of that."""
    if refusal.obstacle not in {Obstacle.REFUSED, Obstacle.THROTTLED}:
        return refusal
    quota = say(
        "{refusal} In a month, {count} settings of a tenant can be read into snapshots, and each mailbox counts as one:"
        " that may be used up.",
        refusal=refusal.because,
        count=_QUOTA,
    )
    return replace(refusal, because=quota)


def _id_in(found: Record) -> str | NotAnswered:
    """Read the snapshot's id out of the address it is said to stand at; that address itself is not followed."""
    location = found.fields.get("resourceLocation")
    place = _PLACE.search(location) if isinstance(location, str) else None
    if place is None:
        return unreadable(say("{property} is missing", property="resourceLocation"))
    return place[1] or place[2]


def _resources(found: Record) -> list[Any] | None:
    resources = found.fields.get("resources")
    return resources if isinstance(resources, list) else None


def _properties(resources: list[Any], kind: str) -> Iterator[Mapping[str, Any]]:
    for one in resources:
        if not isinstance(one, dict) or not isinstance(one.get("resourceType"), str):
            continue
        properties = one.get("properties")
        if one["resourceType"].lower() == kind and isinstance(properties, dict):
            yield properties


def settings_in(resources: list[Any], quoted: Quoted, gap: Sentence | None = None) -> Settings:
    """Read all that a snapshot has; a mailbox goes by its first address, else by its identity, where that is one."""
    value = next(_properties(resources, _ORGANISATION), {}).get(_SETTING)
    organisation = _SWITCHES[value] if isinstance(value, bool) else None
    rows = ((_name(Record(row, quoted)), row) for row in _properties(resources, _MAILBOXES))
    own = {name: _own(row) for name, row in rows if name}
    return settings_of(own, organisation, BACKEND, datetime.now(UTC), gap)


def _name(row: Record) -> str:
    """The first address there is; empty where there is none."""
    return next(filter(is_address, (row.text("PrimarySmtpAddress"), row.text("Identity"))), "")


def _own(row: Mapping[str, Any]) -> Switch | NotAnswered:
    # How a mailbox appears that follows the organisation is not known: with null, which says so, or without the
    # property, which may also mean that it was not read. Only the first is taken for an answer.
    if _SETTING not in row:
        return unreadable(say("{property} is missing", property=_SETTING))
    value = row[_SETTING]
    if value is None:
        return Switch.UNSET
    if isinstance(value, bool):
        return _SWITCHES[value]
    return unreadable(say("{property} has a value that it never has", property=_SETTING))
