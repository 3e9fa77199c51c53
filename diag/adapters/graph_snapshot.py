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

from diag.adapters.answers import ONE_MEBIBYTE, quoting
from diag.adapters.graph_reading import Record
from diag.adapters.graph_refusals import unreadable
from diag.adapters.graph_wire import Conversation, GraphService, conversing
from diag.adapters.graph_words import SNAPSHOT, SNAPSHOT_JOB, SNAPSHOT_RESULT
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor
from diag.sentence import say
from diag.setting import Accepted, Backend, Setting, Switch
from diag.subject import address

BACKEND = Backend(name="graph", writes=False, vendor_supported=True)
_SETTING = "SmtpClientAuthenticationDisabled"
_MAILBOXES, _ORGANISATION = "microsoft.exchange.casmailboxsettings", "microsoft.exchange.transportconfig"
_ORDER: Mapping[str, Any] = {
    "displayName": "diag SMTP AUTH",
    "description": "diag",
    "resources": [_MAILBOXES, _ORGANISATION],
}
_MOST_BYTES = 64 * ONE_MEBIBYTE
_LONGEST_PAUSE_S = 30.0
_GROWTH = 1.5
_PLACE = re.compile(r"/configurationSnapshots(?:\('([A-Za-z0-9-]{1,64})'\)|/([A-Za-z0-9-]{1,64}))$")
_DONE, _FAILED = frozenset({"succeeded", "partiallySuccessful"}), frozenset({"failed"})
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
        """Take a snapshot, once, wait for it, and read both values; see the port."""
        address(mailbox)
        service = replace(self.service, at_once=1, most_bytes=_MOST_BYTES)
        async with conversing(service) as conversation:
            if isinstance(conversation, NotAnswered):
                return conversation
            resources = await self._snapshot(conversation)
        if isinstance(resources, NotAnswered):
            return resources
        return _setting(resources, mailbox, service.redactor)

    async def _snapshot(self, conversation: Conversation) -> list[Any] | NotAnswered:
        job = await conversation.ask(SNAPSHOT, lambda sdk: sdk.snapshot(_ORDER), lambda found: found.id("id") or None)
        if isinstance(job, NotAnswered):
            return job
        place = await self._place(conversation, job)
        if isinstance(place, NotAnswered):
            return place
        return await conversation.ask(SNAPSHOT_RESULT, lambda sdk: sdk.snapshot_result(place), _resources)

    async def _place(self, conversation: Conversation, job: str) -> str | NotAnswered:
        """Wait until the snapshot is there, and return its id."""
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
                return _id_in(found)
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
    return NotAnswered(obstacle=Obstacle.REFUSED, because=said)


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


def _is_about(row: Mapping[str, Any], mailbox: str) -> bool:
    names = (row.get(name) for name in ("PrimarySmtpAddress", "Identity"))
    return any(isinstance(name, str) and name.lower() == mailbox.lower() for name in names)


def _setting(resources: list[Any], mailbox: str, redactor: Redactor) -> Setting | NotAnswered:
    row = next((row for row in _properties(resources, _MAILBOXES) if _is_about(row, mailbox)), None)
    if row is None:
        absent = say("The snapshot of the tenant's configuration does not have the mailbox {mailbox}.", mailbox=mailbox)
        return NotAnswered(obstacle=Obstacle.NOT_FOUND, because=absent)
    own = _own(row)
    if isinstance(own, NotAnswered):
        return own
    organisation = next(_properties(resources, _ORGANISATION), {}).get(_SETTING)
    return Setting(
        identity=Record(row, quoting(redactor)).text("PrimarySmtpAddress") or mailbox,
        mailbox=own,
        organisation=_SWITCHES[organisation] if isinstance(organisation, bool) else None,
        backend=BACKEND,
        observed_at=datetime.now(UTC),
    )


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
