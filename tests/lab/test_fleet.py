"""Many scanner mailboxes in one scenario: how they are written, listed, and what is true of each."""

import csv
from dataclasses import replace

import jwt
import pytest

from diag.catalogue import load
from diag.evidence import Auth
from diag.health.result import Status
from diag.lab import Lab, Scenario, ScenarioError, inventory_of, load_scenario, truth_of
from diag.lab.loader import read_scenario
from diag.lab.scenario import Mailbox, Run, SignIn, Truth
from diag.lab.scenario_directory import SignInRecord
from tests.lab.crowd import USUAL, crowd
from tests.lab.device import Device
from tests.lab.graph import SIGN_INS, ask, user
from tests.lab.signing_in import app_token, redeemed

TEXTS = 'title.en = "A"\ntitle.fr = "B"\nstory.en = "C"\nstory.fr = "D"\n'
HEALTHY = load_scenario("healthy")
FLEET = load_scenario("fleet")
NOT_YET = {"basic_auth_still_used"}
OFF = 'expect = { status = "broken", cause = "smtp_auth_disabled_mailbox" }\nauthenticated_smtp = "off"\n'


def written(text: str) -> Scenario:
    return read_scenario(TEXTS + text, "mine.toml", "mine")


def fleet(count: int, more: str = "", named: str = "mfp-{number:03}@contoso.com") -> str:
    return f'[[fleet]]\ncount = {count}\nnamed = "{named}"\n{more}'


# --- how it is written


def test_a_few_lines_make_many_mailboxes() -> None:
    made = written(
        fleet(12, 'first = 99\nsite = "Hall"\ndevice = "Ricoh {number}"\naliases = ["a{number}@contoso.com"]\n')
    )
    assert [box.address for box in made.mailboxes] == [f"mfp-{number:03}@contoso.com" for number in range(99, 111)]
    assert (made.mailboxes[1].device, made.mailboxes[1].site) == ("Ricoh 100", "Hall")
    assert made.called("A100@contoso.com") == (made.mailboxes[1],)
    assert made.fleet == ()
    assert truth_of(made)["mfp-099@contoso.com"] == (Status.HEALTHY, "")


def test_a_fleet_stands_beside_the_mailboxes_that_are_named_and_in_place_of_the_one_that_is_not() -> None:
    named = '[[mailboxes]]\naddress = "office@contoso.com"\n'
    assert [box.address for box in written(fleet(1)).mailboxes] == ["mfp-001@contoso.com"]
    both = written(named + fleet(1))
    assert [box.address for box in both.mailboxes] == ["office@contoso.com", "mfp-001@contoso.com"]
    assert truth_of(both).keys() == {"mfp-001@contoso.com"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            fleet(2, named="mfp@contoso.com"),
            "mine.toml: the mailbox mfp@contoso.com is there twice; '{number:04}' numbers",
        ),
        (fleet(2) + fleet(1, named="MFP-002@contoso.com"), "mine.toml: the mailbox MFP-002@contoso.com is there twice"),
        (fleet(1, named="mfp-{numbr}@contoso.com"), None),
        (fleet(1, named="{number.__class__} x"), "mine.toml: '{number.__class__} x' is not a mail address"),
        (fleet(0), "mine.toml: 'fleet.count' and 'fleet.first' must give numbers from 0 to 100000."),
        (fleet(-1), "mine.toml: 'fleet.count' and"),
        (fleet(10**9), "mine.toml: 'fleet.count' and"),
        (fleet(1, "first = -1\n"), "mine.toml: 'fleet.count' and"),
        (
            fleet(60_000) + fleet(60_000, named="b{number}@b.example"),
            "mine.toml: The fleet has more than 100000 mailboxes.",
        ),
        (fleet(1, 'adress = "x"\n'), "mine.toml: there is no key 'fleet.0.adress'."),
        (fleet(1, 'address = "x@contoso.com"\n'), "mine.toml: there is no key 'fleet.0.address'."),
        ("[[fleet]]\ncount = 1\n", "mine.toml: the key 'fleet.0.named' is missing."),
        (
            fleet(1, 'host = "nowhere.example"\n'),
            "mine.toml: there is no host 'nowhere.example', which mfp-001@contoso.com",
        ),
        (fleet(1, 'sender = "office"\n'), "mine.toml: 'office' is not a mail address"),
        (fleet(1, 'replies.ehlo = "250 x"\n'), "mine.toml: 'replies.ehlo' of a mailbox: it is known from AUTH on"),
        (fleet(1, 'replies.auth = "no"\n'), "mine.toml: 'replies.auth' must begin with a reply code."),
        (fleet(1, 'throttled_reply = "no"\n'), "mine.toml: 'throttled_reply' must begin with a reply code."),
        (fleet(1, 'expect = { status = "ill" }\n'), "mine.toml: 'fleet.0.expect.status' must be one of 'broken'"),
        (
            fleet(1, 'expect = { status = "broken" }\n'),
            "mine.toml: 'expect' of mfp-001@contoso.com: 'healthy' has no cause",
        ),
        (fleet(1, 'expect = { cause = "x" }\n'), "mine.toml: 'expect' of mfp-001@contoso.com: 'healthy' has no cause"),
        ('[[hosts]]\nname = "a b"\n', "mine.toml: 'a b' is not a host name."),
        ('[[hosts]]\nname = "smtp.office365.com."\n', "mine.toml: the host smtp.office365.com is there twice."),
        ('[[hosts]]\nname = "graph.microsoft.com"\n', "mine.toml: the host graph.microsoft.com is there twice."),
        (
            '[[hosts]]\nname = "a.example"\nsmtp.clock_offset_s = 3\n',
            "mine.toml: there is no key 'hosts.0.smtp.clock_offset_s'.",
        ),
        (
            '[[hosts]]\nname = "a.example"\nsmtp.replies.auth = "x"\n',
            "mine.toml: 'hosts.smtp.replies.auth' must begin with",
        ),
        (
            '[[hosts]]\nname = "a.example"\ncertificate.issuer = "x"\n',
            "mine.toml: 'hosts.certificate.issuer' must be trusted",
        ),
        (
            "".join(f'[[hosts]]\nname = "h{n}.example"\n' for n in range(201)),
            "mine.toml: there can be 200 hosts at most.",
        ),
    ],
)
def test_a_fleet_that_cannot_be_meant_is_refused(text: str, complaint: str | None) -> None:
    if complaint is None:  # odd, but an address
        assert written(text).mailboxes[0].address == "mfp-{numbr}@contoso.com"
        return
    with pytest.raises(ScenarioError) as caught:
        written(text)
    assert str(caught.value.sentence).startswith(complaint)


def test_a_crowd_has_the_mix_that_was_asked_for() -> None:
    made = crowd(1000)
    causes = [cause for _, cause in truth_of(made).values()]
    assert len(made.mailboxes) == len(causes) == 1000
    assert causes.count("smtp_auth_disabled_mailbox") == 30
    assert causes.count("tls_intercepted") == 20
    assert causes.count("") == round(1000 * (USUAL["healthy"] + USUAL["throttled"]))
    assert len(crowd(20, {"off": 1.0}).mailboxes) == 20
    known = load().causes
    assert {cause for cause in causes if cause} <= known.keys()


# --- the inventory and the truth


def test_the_inventory_names_each_scanner_and_what_it_is_set_to() -> None:
    odd = replace(
        FLEET, mailboxes=(*FLEET.mailboxes, Mailbox(address="odd@contoso.com", device='"=1+1", no.\n2', expect=Truth()))
    )
    rows = list(csv.DictReader(inventory_of(odd).splitlines(keepends=True)))
    assert [row["mailbox"] for row in rows] == [box.address for box in odd.mailboxes]
    by_name = {row["mailbox"]: row for row in rows}
    assert by_name["lyon-03@contoso.com"] == {
        "mailbox": "lyon-03@contoso.com",
        "tenant": "contoso.com",
        "site": "Lyon",
        "sender": "",
        "device": "Ricoh IM C3000",
        "owner": "IT Lyon",
        "smtp_host": "smtp-lyon.contoso.com",
        "tls": "",
    }
    assert by_name["mfp-131@contoso.com"]["sender"] == "office@contoso.com"
    assert by_name["mfp-001@contoso.com"]["smtp_host"] == "smtp.office365.com"
    assert by_name["odd@contoso.com"]["device"] == '"=1+1", no.\n2'


def test_a_scenario_without_a_fleet_has_the_mailbox_of_its_run_in_its_inventory() -> None:
    (row,) = csv.DictReader(inventory_of(load_scenario("sender-mismatch")).splitlines())
    assert (row["mailbox"], row["sender"]) == ("scanner@contoso.com", "reception@contoso.com")
    assert truth_of(HEALTHY) == {}


def test_the_shipped_fleet_is_sixty_scanners_at_three_sites_with_known_causes() -> None:
    truth = truth_of(FLEET)
    assert len(truth) == len(FLEET.mailboxes) == 60
    assert {box.site for box in FLEET.mailboxes} == {"Paris", "Lyon", "Nantes"}
    assert {cause for _, cause in truth.values()} - load().causes.keys() - {""} <= NOT_YET
    assert sum(status is Status.HEALTHY for status, _ in truth.values()) > len(truth) / 2
    assert truth[FLEET.run.mailbox] == (Status.BROKEN, FLEET.expect.cause)


# --- the mail server


def test_one_secret_is_good_for_every_mailbox_of_the_fleet_and_each_has_its_own_fault() -> None:
    made = written(
        '[run]\nauth = "app"\n[tenant]\nauthenticated_smtp = "off"\n'
        + fleet(2)
        + fleet(1, OFF, "off@contoso.com")
        + fleet(1, 'authenticated_smtp = "unset"\n', "unset@contoso.com")
        + fleet(1, 'replies.auth = "535 5.7.3 Ours alone"\n', "own@contoso.com")
        + fleet(1, "mailbox_permission = false\n", "closed@contoso.com")
    )
    with Lab(made) as lab:
        token = app_token(lab)

        def answer(name: str) -> str:
            with Device(lab) as device:
                return device.sign_in(token, name)

        assert answer("mfp-001@contoso.com").startswith("235 ")
        assert answer("MFP-002@contoso.com").startswith("235 ")
        assert "disabled for the Mailbox" in answer("off@contoso.com")
        assert "disabled for the Tenant" in answer("unset@contoso.com")
        assert answer("own@contoso.com") == "535 5.7.3 Ours alone"
        assert answer("absent@contoso.com").startswith("535 5.7.3 Authentication unsuccessful [")
        for name, end in (("closed@contoso.com", "430 4.2.0 STOREDRV; "), ("mfp-001@contoso.com", "250 2.0.0 OK ")):
            with Device(lab) as device:
                assert device.sign_in(token, name).startswith("235 ")
                device.say(f"MAIL FROM:<{name}>")
                device.say("RCPT TO:<bob@contoso.com>")
                device.say("DATA")
                assert device.say("Subject: Scan\r\n\r\nOne page\r\n.").startswith(end)
    assert not lab.bugs


@pytest.mark.parametrize(
    ("more", "reply"),
    [
        ("", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more"),
        ('throttled_reply = "421 4.3.2 Service not available"\n', "421 4.3.2 Service not available"),
    ],
)
def test_the_first_sign_ins_of_a_mailbox_are_throttled_and_nobody_elses(more: str, reply: str) -> None:
    made = written(fleet(2, "throttled_first = 2\n" + more))
    with Lab(made) as lab:
        tokens = {box.address: lab.token(box.upn) for box in made.mailboxes}

        def answer(name: str, token: str) -> str:
            with Device(lab) as device:
                return device.sign_in(token, name)

        for name, token in tokens.items():
            assert answer(name, "not a token").startswith("535 ")  # who is not let in is not counted
            assert answer(name, token).startswith(reply)
            assert answer(name, token).startswith(reply)
            assert answer(name, token).startswith("235 ")
    with Lab(made) as lab, Device(lab) as device:
        assert device.sign_in(lab.token("mfp-001@contoso.com"), "mfp-001@contoso.com").startswith(reply)


def test_three_connections_a_mailbox_hold_for_each_by_itself() -> None:
    made = crowd(10, {})
    with Lab(made) as lab:
        token = app_token(lab)
        one, other = (box.address for box in made.mailboxes[:2])
        with (
            Device(lab) as first,
            Device(lab) as second,
            Device(lab) as third,
            Device(lab) as fourth,
            Device(lab) as fifth,
        ):
            assert [device.sign_in(token, one)[:3] for device in (first, second, third)] == ["235"] * 3
            assert fourth.sign_in(token, one).startswith("432 4.3.2 Concurrent connections limit exceeded.")
            assert fifth.sign_in(token, other).startswith("235 ")


def test_the_last_of_ten_thousand_mailboxes_signs_in_by_any_of_its_names() -> None:
    made = written(fleet(10_000, 'aliases = ["copier{number}@contoso.com"]\n', "mfp-{number:05}@contoso.com"))
    assert made.called("Copier10000@contoso.com")[0].address == "mfp-10000@contoso.com"
    with Lab(made) as lab, Device(lab) as device:
        assert device.sign_in(lab.token("mfp-10000@contoso.com"), "mfp-10000@contoso.com").startswith("235 ")


def test_the_same_fleet_can_be_another_the_next_time() -> None:
    made = crowd(4, {})
    first, *rest = made.mailboxes
    broken = replace(
        first, authenticated_smtp="off", expect=Truth(status=Status.BROKEN, cause="smtp_auth_disabled_mailbox")
    )
    later = replace(made, mailboxes=(broken, *rest))
    assert (truth_of(made)[first.address], truth_of(later)[first.address]) == (
        (Status.HEALTHY, ""),
        (Status.BROKEN, "smtp_auth_disabled_mailbox"),
    )
    for scenario, reply in ((made, "235 "), (later, "535 5.7.139"), (made, "235 ")):
        with Lab(scenario) as lab, Device(lab) as device:
            token = app_token(lab)
            assert device.sign_in(token, first.address).startswith(reply)


# --- signing in


def test_a_scanner_signs_in_itself_and_sends_as_it_is_set() -> None:
    made = written(
        '[run]\nauth = "token"\n'
        + fleet(1)
        + fleet(1, 'sender = "a@contoso.com"\nsign_in_name = "s@contoso.com"\n', "o@contoso.com")
    )
    assert made.account_of("o@contoso.com") == "s@contoso.com"
    assert made.account_of("absent@contoso.com") == made.account
    assert made.run_of("O@contoso.com") == Run(mailbox="o@contoso.com", sender="a@contoso.com", auth=Auth.TOKEN)
    assert made.run_of("mfp-001@contoso.com").sender is None
    somebody = replace(made, sign_in=SignIn(account="somebody@contoso.com"))
    assert somebody.account_of("o@contoso.com") == "somebody@contoso.com"
    assert HEALTHY.run_of("other@contoso.com") == HEALTHY.run
    with Lab(made) as lab:
        claims = jwt.decode(lab.token(made.account_of("o@contoso.com")), options={"verify_signature": False})
    assert claims["upn"] == "s@contoso.com"


def test_a_fault_of_one_token_is_no_fault_of_the_others() -> None:
    made = written(fleet(1) + fleet(1, "token = { aadsts = 700082 }\n", "dead@contoso.com"))
    with Lab(made) as lab:
        assert redeemed(lab, lab.refresh_token("mfp-001@contoso.com"))["token_type"] == "Bearer"
        assert redeemed(lab, lab.refresh_token("dead@contoso.com"))["error_codes"] == [700082]
        forged = lab.refresh_token("mfp-001@contoso.com")[:-1] + "x"
        for strange in (forged, "1.e30.x.y", "1.x", "", "é.é.é.é"):
            assert redeemed(lab, strange)["error"] == "invalid_grant"


# --- the directory


def test_the_sign_in_log_shows_who_still_uses_a_password_and_who_signed_in_when() -> None:
    made = written(
        "[[sign_ins]]\nminutes_ago = 7\n"
        + fleet(1, "basic = true\nlast_sign_in_days = 2\n", "old@contoso.com")
        + fleet(1, "last_sign_in_days = 5\n", "new@contoso.com")
        + fleet(1, named="never@contoso.com")
    )
    assert made.sign_ins == (SignInRecord(minutes_ago=7),)
    with Lab(made) as lab, Lab(lab.scenario) as again:
        assert again.scenario == lab.scenario
        rows = ask(lab, f"{SIGN_INS}?$filter=clientAppUsed eq 'Authenticated SMTP'").rows
        quiet = ask(lab, f"{SIGN_INS}?$filter=signInEventTypes/any(t: t eq 'nonInteractiveUser')", version="beta").rows
    days = [record.minutes_ago // (24 * 60) for record in lab.scenario.sign_ins]
    assert days == [0, 2, 3, 4, 5]
    assert [(row["userPrincipalName"], row["status"]["errorCode"]) for row in rows] == [("old@contoso.com", 0)] * 3
    assert [row["userPrincipalName"] for row in quiet] == ["new@contoso.com"]


def test_the_directory_knows_every_mailbox_of_the_fleet() -> None:
    made = crowd(300)
    with Lab(made) as lab:
        last = made.mailboxes[-1].address
        found = user(lab, last).json
        assert user(lab, found["id"]).json["userPrincipalName"] == last
        (bought,) = ask(lab, "/subscribedSkus").rows
    assert bought["consumedUnits"] == 297
