import asyncio
from typing import Any

import pytest

from checks import CHECKS
from diag.archive import dump
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.evidence import (
    Acquisition,
    Auth,
    Breach,
    Claims,
    ContactStatus,
    Declined,
    Dialogue,
    Evidence,
    Flaw,
    Granted,
    Lookup,
    LookupStatus,
    NotAsked,
    Opaque,
    Reason,
    Silence,
)
from diag.gather import gather
from diag.pipeline import replay
from diag.ports import Discovered
from diag.sentence import say
from diag.stage import Stage
from diag.subject import Subject
from tests.evidence_cases import (
    HOST,
    IPV4,
    IPV6,
    MAILBOX,
    NOW,
    answered,
    breaking,
    contact,
    greeting,
    healthy,
    lookup,
    refusal,
    saying,
    silent,
    with_network,
    with_tls,
)
from tests.fakes import World, jwt

SUBJECT = Subject(mailbox=MAILBOX, sender=MAILBOX)
NOT_CLEAR = {
    "a refused greeting": answered(healthy(), Stage.BANNER, 554, "no"),
    "a silent server": silent(healthy(), Stage.EHLO),
    "STARTTLS refused": answered(healthy(), Stage.STARTTLS, 454, "no"),
    "a bad certificate": with_tls(healthy(), verified=False, flaws=(Flaw.EXPIRED,), error="x"),
    "no XOAUTH2": saying(healthy(), features_after=("AUTH LOGIN",)),
    "injected bytes": breaking(healthy(), Breach.PLAINTEXT_AFTER_STARTTLS),
}


def gathered(world: World, subject: Subject = SUBJECT) -> Evidence:
    return asyncio.run(gather(subject, world.ports, "1.2.3"))


# --- a person signs in


def test_a_device_code_is_asked_for_between_a_rehearsal_and_the_real_dialogue() -> None:
    world = World()
    evidence = gathered(world)
    assert [asked for asked in world.asked if asked != "discover"] == [
        "look_up",
        "reach",
        "rehearsal",
        "acquire",
        "dialogue",
    ]
    assert world.tokens_sent == [None, world.token]
    assert isinstance(evidence.dialogue, Dialogue)
    assert evidence.dialogue.authenticated


@pytest.mark.parametrize("why", NOT_CLEAR)
def test_nobody_is_asked_to_sign_in_while_the_way_is_not_clear(why: str) -> None:
    world = World(evidence=NOT_CLEAR[why])
    evidence = gathered(world)
    assert "acquire" not in world.asked
    assert world.tokens_sent == [None]
    assert isinstance(evidence.sign_in.acquisition, NotAsked)
    assert isinstance(evidence.sign_in.token, NotAsked)
    assert isinstance(evidence.dialogue, Dialogue)


# The dialogue goes on after these, and the check of the protocol calls them harmless.
def test_bare_line_endings_keep_nobody_from_signing_in() -> None:
    world = World(evidence=breaking(healthy(), Breach.BARE_LINE_ENDING))
    gathered(world)
    assert "acquire" in world.asked


def test_a_person_is_asked_only_after_the_sign_in_service_has_described_itself() -> None:
    class Slow(World):
        async def discover(self) -> Discovered:
            await asyncio.sleep(0.01)
            return await super().discover()

    world = Slow()
    gathered(world)
    assert world.asked.index("rehearsal") < world.asked.index("acquire")
    assert world.asked.index("discover") < world.asked.index("acquire")


@pytest.mark.parametrize("acquisition", [Declined(polls=1), refusal(65001), Silence(who="x", reason=Reason.TIMEOUT)])
def test_a_token_that_was_not_given_keeps_the_rehearsal(acquisition: Acquisition) -> None:
    world = World(token=None, acquisition=acquisition)
    evidence = gathered(world)
    assert world.tokens_sent == [None]
    assert evidence.sign_in.acquisition == acquisition
    assert isinstance(evidence.sign_in.token, NotAsked)
    assert isinstance(evidence.dialogue, Dialogue)
    assert evidence.dialogue.step(Stage.EHLO_TLS)
    assert evidence.dialogue.step(Stage.AUTH) is None


# --- nobody has to


@pytest.mark.parametrize("auth", [Auth.TOKEN, Auth.APP])
def test_a_token_that_needs_nobody_is_tried_in_one_dialogue(auth: Auth) -> None:
    world = World(auth=auth, acquisition=Granted(auth=auth))
    evidence = gathered(world)
    assert world.tokens_sent == [world.token]
    assert evidence.sign_in.auth is auth


def test_without_anything_to_sign_in_with_one_dialogue_ends_before_auth() -> None:
    nobody = NotAsked(because=say("neither a client id nor a token was given"))
    world = World(auth=None, token=None, acquisition=nobody)
    evidence = gathered(world)
    assert world.tokens_sent == [None]
    assert evidence.sign_in.acquisition == nobody


def test_a_given_token_is_read_even_where_the_server_cannot_be_reached() -> None:
    gone = with_network(healthy(), contacts=(contact(IPV4, ContactStatus.TIMEOUT),))
    evidence = gathered(World(auth=Auth.TOKEN, evidence=gone))
    assert isinstance(evidence.sign_in.token, Claims)
    assert isinstance(evidence.dialogue, NotAsked)


# --- the network


@pytest.mark.parametrize("auth", [Auth.DEVICE_CODE, Auth.TOKEN])
@pytest.mark.parametrize("status", [ContactStatus.REFUSED, ContactStatus.TIMEOUT, ContactStatus.UNREACHABLE])
def test_without_a_reachable_address_there_is_no_dialogue(auth: Auth, status: ContactStatus) -> None:
    world = World(auth=auth, evidence=with_network(healthy(), contacts=(contact(IPV4, status),)))
    evidence = gathered(world)
    assert world.tokens_sent == []
    assert isinstance(evidence.dialogue, NotAsked)
    assert HOST in str(evidence.dialogue.because)


def test_every_address_is_tried_once_and_only_answers_count() -> None:
    lookups = (
        lookup(LookupStatus.ANSWERED, IPV4, IPV4),
        lookup(LookupStatus.ANSWERED, IPV6, IPV4, aaaa=True),
        lookup(LookupStatus.FAILED, "203.0.113.9"),
    )
    world = World(evidence=with_network(healthy(), lookups=lookups))
    gathered(world)
    assert world.addresses == [(IPV4, IPV6)]


def test_the_dialogue_goes_over_ipv4_where_both_answer_as_devices_do() -> None:
    contacts = (contact(IPV6), contact(IPV4))
    world = World(token=None, acquisition=Declined(polls=1), evidence=with_network(healthy(), contacts=contacts))
    evidence = gathered(world)
    assert isinstance(evidence.dialogue, Dialogue)
    assert evidence.dialogue.address == IPV4
    only = World(token=None, acquisition=Declined(polls=1), evidence=with_network(healthy(), contacts=contacts[:1]))
    talk = gathered(only).dialogue
    assert isinstance(talk, Dialogue)
    assert talk.address == IPV6


# --- what is kept


@pytest.mark.parametrize("auth", [None, Auth.DEVICE_CODE, Auth.TOKEN, Auth.APP])
def test_discovery_is_asked_once_whatever_else_happens(auth: Auth | None) -> None:
    world = World(auth=auth)
    gathered(world)
    assert world.asked.count("discover") == 1


def test_the_whole_run_is_dated_and_timed_by_the_clock_it_was_given() -> None:
    evidence = gathered(World())
    assert evidence.started_at == NOW
    assert evidence.duration_ms == 250
    assert evidence.diag_version == "1.2.3"
    assert evidence.subject == SUBJECT


def test_both_servers_clocks_are_read() -> None:
    evidence = gathered(World())
    assert [reading.source for reading in evidence.clocks] == ["login", HOST]
    silent_banner = World(evidence=greeting(healthy(), "ready", name="x.outlook.com"))
    assert [reading.source for reading in gathered(silent_banner).clocks] == ["login"]


def test_a_token_that_is_no_jwt_is_opaque() -> None:
    evidence = gathered(World(token="EwBAA8l6BAAU" + "x" * 400))
    assert evidence.sign_in.token == Opaque(length=412)


def test_what_is_kept_holds_nothing_of_the_token() -> None:
    world = World()
    assert world.token is not None
    saved = dump(gathered(world)).decode()
    header, payload, signature = world.token.split(".")
    assert all(part not in saved for part in (header, payload, signature))
    assert '"fingerprint"' in saved


def test_progress_is_told_in_the_order_of_the_work() -> None:
    world = World()
    gathered(world)
    first, second, *talks = [str(sentence) for sentence in world.said]
    assert first == f"Looking up {HOST}"
    assert second == f"Connecting to {HOST}, port 587"
    assert talks == [f"Talking to {HOST}"] * 2


def test_nothing_is_connected_to_where_the_name_does_not_resolve() -> None:
    world = World(evidence=with_network(healthy(), lookups=(), contacts=()))
    gathered(world)
    assert [str(sentence) for sentence in world.said] == [f"Looking up {HOST}"]


def test_a_port_that_raises_is_a_bug_and_is_not_hidden() -> None:
    class Buggy(World):
        async def look_up(self, host: str) -> tuple[Lookup, ...]:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised:
        gathered(Buggy(auth=Auth.TOKEN))
    assert raised.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    "claims", [{"scp": "SMTP.Send Exchange.Manage"}, {"scp": None, "roles": ["Exchange.ManageAsApp"]}]
)
@pytest.mark.parametrize("auth", [Auth.TOKEN, Auth.DEVICE_CODE])
def test_a_token_that_administers_is_never_sent_to_a_mail_server(claims: dict[str, Any], auth: Auth) -> None:
    world = World(auth=auth, token=jwt(**claims))
    evidence = gathered(world)
    assert set(world.tokens_sent) == {None}
    assert isinstance(evidence.sign_in.acquisition, NotAsked)
    assert "an administrator's permission" in str(evidence.sign_in.acquisition.because)
    diagnosis = replay(evidence, CHECKS, load())
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
