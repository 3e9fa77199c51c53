"""Ask the world, in the order that spares people: network first, then the sign-in, then the mailbox."""

import asyncio
from dataclasses import replace
from typing import TypeAlias

from diag.directory import Directory
from diag.evidence import (
    NOBODY_SIGNED_IN,
    Acquisition,
    Auth,
    Claims,
    ClockReading,
    Dialogue,
    Evidence,
    LookupStatus,
    Network,
    NotAsked,
    SignIn,
    Token,
)
from diag.obstacle import NotAnswered
from diag.ports import Acquired, Discovered, Ports
from diag.secret import Secret
from diag.sentence import say
from diag.setting import Setting
from diag.stage import Stage
from diag.subject import Subject
from diag.token import read_token

# What stands in a token that may change settings of Exchange Online (learn.microsoft.com, app-only-auth-powershell-v2,
# and admin-api-get-started).
_ADMINISTERS = frozenset({"Exchange.Manage", "Exchange.ManageV2", "Exchange.ManageAsApp", "Exchange.ManageAsAppV2"})
_NO_TOKEN = NotAsked(because=say("there is no token"))
_Tried: TypeAlias = tuple[Dialogue | NotAsked, Acquisition, Token]


async def _network(subject: Subject, ports: Ports) -> Network:
    ports.person.progress(say("Looking up {host}", host=subject.smtp_host))
    lookups = await ports.network.look_up(subject.smtp_host)
    addresses = tuple(
        dict.fromkeys(a for found in lookups if found.status is LookupStatus.ANSWERED for a in found.addresses)
    )
    if addresses:
        ports.person.progress(say("Connecting to {host}, port {port}", host=subject.smtp_host, port=subject.smtp_port))
    contacts = await ports.network.reach(addresses, subject.smtp_port)
    return Network(host=subject.smtp_host, port=subject.smtp_port, lookups=lookups, contacts=contacts)


async def _dialogue(subject: Subject, ports: Ports, network: Network, token: Secret | None) -> Dialogue | NotAsked:
    address = network.reachable
    if address is None:
        return NotAsked(because=say("no address of {host} could be reached", host=subject.smtp_host))
    ports.person.progress(say("Talking to {host}", host=subject.smtp_host))
    return await ports.smtp.dialogue(subject, address, token)


def _ready_for_auth(dialogue: Dialogue | NotAsked) -> bool:
    """Whether a dialogue without a token came as far as it could."""
    match dialogue:
        case Dialogue():
            return dialogue.step(Stage.EHLO_TLS) is not None and dialogue.offers("XOAUTH2") and dialogue.trustworthy
        case NotAsked():
            return False


def _fit_for_mail(acquired: Acquired) -> tuple[Acquired, Token]:
    """Read the token; one that lets its holder administer Exchange Online is left out: no mail server is sent that."""
    if acquired.token is None:
        return acquired, _NO_TOKEN
    found = read_token(acquired.token)
    administers = {*found.scopes, *found.roles} & _ADMINISTERS if isinstance(found, Claims) else None
    if not administers:
        return acquired, found
    because = say(
        "the token carries {permission}, an administrator's permission, so it is not sent to a mail server: use an"
        " application of its own for the device",
        permission=", ".join(sorted(administers)),
    )
    return Acquired(acquisition=NotAsked(because=because)), _NO_TOKEN


async def _with_a_person(subject: Subject, ports: Ports, network: Network) -> _Tried:
    """Check everything up to AUTH before anyone is asked to sign in; only then ask, and start anew."""
    rehearsal = await _dialogue(subject, ports, network, None)
    if not _ready_for_auth(rehearsal):
        because = say("nobody was asked to sign in, since the way to the server is not clear")
        return rehearsal, NotAsked(because=because), _NO_TOKEN
    acquired, token = _fit_for_mail(await ports.tokens.acquire())
    if acquired.token is None:
        return rehearsal, acquired.acquisition, token
    return await _dialogue(subject, ports, network, acquired.token), acquired.acquisition, token


async def _without(subject: Subject, ports: Ports, network: Network) -> _Tried:
    acquired, token = _fit_for_mail(await ports.tokens.acquire())
    return await _dialogue(subject, ports, network, acquired.token), acquired.acquisition, token


def _clocks(found: Discovered, dialogue: Dialogue | NotAsked) -> tuple[ClockReading, ...]:
    readings = [found.clock] if found.clock else []
    if isinstance(dialogue, Dialogue) and (stated := dialogue.banner_date):
        readings.append(ClockReading(source=dialogue.host, server=stated, local=dialogue.started_at))
    return tuple(readings)


async def _setting(subject: Subject, ports: Ports) -> Setting | NotAnswered | NotAsked:
    if ports.setting is None:
        return NOBODY_SIGNED_IN
    return await ports.setting.read(subject.mailbox)


async def _directory(subject: Subject, ports: Ports) -> Directory | NotAsked:
    if ports.directory is None:
        return NOBODY_SIGNED_IN
    return await ports.directory.ask(subject, client_id=ports.tokens.client_id, auth=ports.tokens.auth)


async def _traced(
    subject: Subject, ports: Ports, known: Directory | NotAsked, talk: Dialogue | NotAsked
) -> Directory | NotAsked:
    """Follow the test message, where one was accepted."""
    if ports.directory is None or isinstance(known, NotAsked) or subject.recipient is None:
        return known
    accepted = talk.reply(Stage.DATA) if isinstance(talk, Dialogue) else None
    if accepted is None or not accepted.positive or isinstance(talk, NotAsked):
        return known
    ports.person.progress(say("Following the message"))
    return replace(known, trace=await ports.directory.trace(subject.sender, subject.recipient, talk.started_at))


async def gather(subject: Subject, ports: Ports, diag_version: str) -> Evidence:
    """Ask everything that this run can ask, once, and return what was learned."""
    started_at, began = ports.clock.now(), ports.clock.elapsed_ms()
    tokens = ports.tokens
    async with asyncio.TaskGroup() as group:
        discovering = group.create_task(tokens.discover())
        reading = group.create_task(_setting(subject, ports))
        asking = group.create_task(_directory(subject, ports))
        network = await _network(subject, ports)
        asks_a_person = tokens.auth is Auth.DEVICE_CODE
        if asks_a_person:
            await discovering  # a person is not asked to sign in at a service that does not answer
        dialogue, acquisition, token = await (_with_a_person if asks_a_person else _without)(subject, ports, network)
    found = discovering.result()
    return Evidence(
        diag_version=diag_version,
        subject=subject,
        started_at=started_at,
        duration_ms=ports.clock.elapsed_ms() - began,
        network=network,
        dialogue=dialogue,
        sign_in=SignIn(
            auth=tokens.auth,
            client_id=tokens.client_id,
            scope=tokens.scope,
            expected_audiences=tokens.audiences,
            discovery=found.discovery,
            acquisition=acquisition,
            token=token,
        ),
        clocks=_clocks(found, dialogue),
        setting=reading.result(),
        directory=await _traced(subject, ports, asking.result(), dialogue),
    )


async def again(known: Evidence, ports: Ports) -> Evidence:
    """Try the sign-in at the server once more, and read the setting; everything else is kept as it was learned."""
    began = ports.clock.elapsed_ms()
    network = await _network(known.subject, ports)
    acquired, token = _fit_for_mail(await ports.tokens.renew())
    dialogue = await _dialogue(known.subject, ports, network, acquired.token)
    return replace(
        known,
        duration_ms=known.duration_ms + ports.clock.elapsed_ms() - began,
        network=network,
        dialogue=dialogue,
        sign_in=replace(known.sign_in, acquisition=acquired.acquisition, token=token),
        setting=known.setting if ports.setting is None else await ports.setting.read(known.subject.mailbox),
        directory=await _traced(known.subject, ports, known.directory, dialogue),
    )
