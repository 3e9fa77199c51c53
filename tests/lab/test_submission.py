"""The submission server, met with a plain socket."""

import base64
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from diag.lab import Lab, load_scenario
from diag.lab.scenario import App, Mailbox, Propagation, Scenario, SignIn, Smtp, Tenant
from tests.lab.device import SCANNER, Device, blob, connected

HEALTHY = load_scenario("healthy")
BARE = "535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com "
FEATURES = [
    "250-AM0PR02CA0134.outlook.office365.com Hello [127.0.0.1]",
    "250-SIZE 157286400",
    "250-PIPELINING",
    "250-DSN",
    "250-ENHANCEDSTATUSCODES",
    "250-8BITMIME",
    "250-BINARYMIME",
    "250-CHUNKING",
    "250 SMTPUTF8",
]


def with_smtp(smtp: Smtp) -> Scenario:
    return replace(HEALTHY, smtp=smtp)


def test_a_scan_is_mailed_in_exchanges_own_words() -> None:
    with Lab(HEALTHY) as lab:
        with Device(lab) as device:
            greeting = device.hear()
            before = device.say("EHLO mfp").split("\n")
            ready = device.say("STARTTLS")
            device.secure()
            after = device.say("EHLO mfp").split("\n")
            challenge = device.say("AUTH XOAUTH2")
            said = [
                device.say(line)
                for line in (
                    blob(SCANNER, lab.token()),
                    f"MAIL FROM:<{SCANNER}>",
                    "RCPT TO:<bob@contoso.com>",
                    "DATA",
                    "Subject: Scan\r\n\r\n..one page\r\n.",
                    "QUIT",
                )
            ]
        assert greeting.startswith("220 AM0PR02CA0134.outlook.office365.com Microsoft ESMTP MAIL Service ready at ")
        assert before == [*FEATURES[:5], "250-STARTTLS", *FEATURES[5:]]
        assert ready == "220 2.0.0 SMTP server ready"
        assert after == [*FEATURES[:5], "250-AUTH LOGIN XOAUTH2", *FEATURES[5:]]
        assert challenge == "334 "
        assert said[0] == "235 2.7.0 Authentication successful"
        assert said[1:4] == [
            "250 2.1.0 Sender OK",
            "250 2.1.5 Recipient OK",
            "354 Start mail input; end with <CRLF>.<CRLF>",
        ]
        assert said[4].startswith("250 2.0.0 OK <")
        assert said[5] == "221 2.0.0 Service closing transmission channel"
    assert lab.messages == [b"Subject: Scan\r\n\r\n.one page\r\n"]
    assert not lab.bugs


def test_the_record_shows_each_line_and_whether_it_was_encrypted() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        token = lab.token()
        device.sign_in(token)
        device.say("QUIT")
    (session,) = lab.sessions
    assert session.verbs == ("EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT")
    assert [received.secured for received in session.received] == [False, False, True, True, True, True]
    assert session.received[4].line == f"{blob(SCANNER, token)}\r\n".encode()
    assert session.user == SCANNER
    assert token not in repr(lab.sessions)


def test_the_token_may_come_on_the_line_of_the_command() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        device.begin()
        assert device.say(f"AUTH XOAUTH2 {blob(SCANNER, lab.token())}").startswith("235 ")


@pytest.mark.parametrize(
    ("mailbox", "organisation", "where"),
    [("off", "on", "Mailbox"), ("off", "off", "Mailbox"), ("unset", "off", "Tenant")],
)
def test_a_switch_that_is_off_names_its_place(mailbox: str, organisation: str, where: str) -> None:
    boxes = (Mailbox(address=SCANNER, authenticated_smtp="off" if mailbox == "off" else "unset"),)
    tenant = Tenant(authenticated_smtp="off" if organisation == "off" else "on")
    with Lab(replace(HEALTHY, mailboxes=boxes, tenant=tenant)) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith(
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
            f"{where}. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR02CA0134."
        )
    assert lab.sessions[0].user is None


@pytest.mark.parametrize(("mailbox", "organisation"), [("on", "off"), ("unset", "on")])
def test_the_mailboxs_own_setting_wins_over_the_organisations(mailbox: str, organisation: str) -> None:
    boxes = (Mailbox(address=SCANNER, authenticated_smtp="on" if mailbox == "on" else "unset"),)
    tenant = Tenant(authenticated_smtp="off" if organisation == "off" else "on")
    with Lab(replace(HEALTHY, mailboxes=boxes, tenant=tenant)) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith("235 ")


@pytest.mark.parametrize(
    "wrong",
    [
        SignIn(account="admin@contoso.com"),
        SignIn(audience="https://graph.microsoft.com"),
        SignIn(scopes=("IMAP.AccessAsUser.All",)),
        SignIn(lifetime_s=-86400),
        SignIn(tenant="99999999-8888-4777-8666-555555555555"),
    ],
    ids=["user", "audience", "scope", "expiry", "tenant"],
)
def test_a_token_that_does_not_fit_is_refused_without_a_reason(wrong: SignIn) -> None:
    # Identity comes first: the switch is off as well, and not a word of it.
    boxes = (Mailbox(address=SCANNER, authenticated_smtp="off"), Mailbox(address="admin@contoso.com"))
    with Lab(replace(HEALTHY, sign_in=wrong, mailboxes=boxes)) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith(BARE)


def test_a_shared_mailbox_cannot_sign_in() -> None:
    boxes = (Mailbox(address=SCANNER, kind="shared"),)
    with Lab(replace(HEALTHY, mailboxes=boxes)) as lab, Device(lab) as device:
        assert device.sign_in(lab.token()).startswith(BARE)


def test_a_token_somebody_else_signed_is_refused() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        claims = jwt.decode(lab.token(), options={"verify_signature": False})
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert device.sign_in(jwt.encode(claims, stranger, algorithm="RS256")).startswith(BARE)


@pytest.mark.parametrize(
    "nonsense", ["!!!!", base64.b64encode(b"user=a").decode(), base64.b64encode(b"\xff\xfe").decode()]
)
def test_a_response_that_is_no_xoauth2_is_refused(nonsense: str) -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        device.begin()
        device.say("AUTH XOAUTH2")
        assert device.say(nonsense).startswith(BARE)
        assert device.say("NOOP").startswith("250 ")
    assert not lab.bugs


def test_an_opaque_token_is_known_to_those_who_issued_it() -> None:
    with Lab(replace(HEALTHY, sign_in=SignIn(opaque=True))) as lab, Device(lab) as device:
        token = lab.token()
        assert "." not in token
        assert device.sign_in(token).startswith("235 ")


def test_more_than_12288_octets_are_too_long_for_a_token() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        device.begin()
        device.say("AUTH XOAUTH2")
        assert device.say("A" * 12289).startswith("500 5.5.6 ")
        assert device.say(f"AUTH XOAUTH2 {'A' * 70000}").startswith("500 ")


def test_the_fourth_connection_of_a_mailbox_is_too_many() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as one, Device(lab) as two, Device(lab) as three:
        for device in (one, two, three):
            assert device.sign_in(lab.token()).startswith("235 ")
        with Device(lab) as four:
            assert four.sign_in(lab.token()).startswith("432 4.3.2 Concurrent connections limit exceeded. ")


def test_a_change_becomes_effective_after_its_time() -> None:
    with Lab(replace(HEALTHY, propagation=Propagation(effective_after_s=1.0))) as lab:
        replies: list[str] = []
        while not replies or not replies[-1].startswith("235 "):
            with Device(lab) as device:
                replies.append(device.sign_in(lab.token()))
    assert "disabled for the Mailbox" in replies[0]


def test_sending_as_somebody_else_is_denied_at_the_end_of_the_message() -> None:
    boxes = (Mailbox(address=SCANNER, send_as=("Scans@contoso.com",)),)
    with Lab(replace(HEALTHY, mailboxes=boxes)) as lab, Device(lab) as device:
        device.sign_in(lab.token())
        replies: list[str] = []
        pairs = (("boss", "scans"), ("scans", "boss"), ("scans", "scanner"))
        for envelope, header in pairs:
            message = f"From: Scans <{header}@contoso.com>\r\n\r\nhello\r\n."
            for line in (f"MAIL FROM:<{envelope}@contoso.com>", "RCPT TO:<bob@contoso.com>", "DATA", message):
                reply = device.say(line)
            replies.append(reply)
    assert replies[1].partition("[")[0] == replies[0].partition("[")[0]
    assert replies[0].startswith(
        "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
        "Failed to process message due to a permanent exception with message Cannot submit message. "
    )
    assert replies[2].startswith("250 2.0.0 OK ")
    assert len(lab.messages) == 1


def test_an_application_without_the_mailboxs_permission_fails_when_it_sends() -> None:
    with Lab(replace(HEALTHY, app=App(mailbox_permission=False))) as lab, Device(lab) as device:
        device.sign_in(lab._issuer.app_only("https://outlook.office365.com/.default"))
        for line in (f"MAIL FROM:<{SCANNER}>", "RCPT TO:<bob@contoso.com>", "DATA", "hello\r\n."):
            reply = device.say(line)
    assert reply.startswith("430 4.2.0 STOREDRV; mailbox logon failure; ")
    assert not lab.messages


def test_who_does_not_sign_in_cannot_send() -> None:
    with Lab(HEALTHY) as lab, connected(lab) as device:
        assert device.say("MAIL FROM:<a@contoso.com>").startswith("503 5.5.2 Send hello first")
        device.say("EHLO mfp")
        assert device.say("MAIL FROM:<a@contoso.com>").startswith("451 5.7.3 STARTTLS is required to send mail [")
        assert device.say("AUTH LOGIN").startswith("504 5.7.4 Unrecognized authentication type [")
        assert device.say("FETCH").startswith("500 5.3.3 Unrecognized command 'FETCH' [")
    with Lab(HEALTHY) as lab, Device(lab) as device:
        device.begin()
        assert device.say("MAIL FROM:<a@contoso.com>").startswith(
            "530 5.7.57 Client not authenticated to send mail. [AM0PR02CA0134.eurprd02.prod.outlook.com "
        )
        assert device.say("STARTTLS").startswith("500 ")


def test_a_password_is_asked_for_and_refused() -> None:
    with Lab(HEALTHY) as lab, Device(lab) as device:
        device.begin()
        assert device.say("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert device.say("c2Nhbm5lcg==") == "334 UGFzc3dvcmQ6"
        assert device.say("cGFzc3dvcmQ=").startswith(BARE)


def test_a_mechanism_that_is_not_offered_is_not_known() -> None:
    with Lab(with_smtp(Smtp(xoauth2=False))) as lab, Device(lab) as device:
        device.begin()
        assert "250-AUTH LOGIN\n" in device.say("EHLO mfp")
        assert device.say("AUTH XOAUTH2").startswith("504 5.7.4 ")
