"""The submission dialogue against a server that does whatever a bad day brings."""

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from diag.adapters.smtp import Patience
from diag.adapters.smtp_words import xoauth2
from diag.evidence import Breach, Flaw, Reason, Reply, Silence
from diag.secret import Secret
from diag.stage import Stage
from tests.adapters.scripted import (
    AFTER_TLS,
    BANNER,
    BEFORE_TLS,
    HOST,
    MAILBOX,
    READY,
    SUBJECT,
    TOKEN,
    Talk,
    hold,
)

REFUSED = b"535 5.7.3 Authentication unsuccessful [AM0PR02CA0134.eurprd02.prod.outlook.com]\r\n"


def blob() -> bytes:
    return base64.b64encode(f"user={MAILBOX}\x01auth=Bearer {TOKEN}\x01\x01".encode())


def reason(answer: Reply | Silence | None) -> Reason | None:
    return answer.reason if isinstance(answer, Silence) else None


def test_the_response_is_that_of_microsofts_description() -> None:
    assert base64.b64decode(xoauth2("a@b.c", Secret("t0k")).reveal()) == b"user=a@b.c\x01auth=Bearer t0k\x01\x01"


def test_a_healthy_dialogue_goes_up_to_the_recipient_and_sends_nothing(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_mail()
        for answer in (b"250 2.1.0 Sender OK\r\n", b"250 2.1.5 Recipient OK\r\n", b"221 2.0.0 bye\r\n"):
            await talk.hear()
            await talk.say(answer)

    held = hold(script, tmp_path)
    assert held.talk.authenticated
    assert held.heard[3:5] == [b"AUTH XOAUTH2\r\n", blob() + b"\r\n"]
    assert held.heard[5:] == [b"MAIL FROM:<scanner@contoso.com>\r\n", b"RCPT TO:<scanner@contoso.com>\r\n", b"QUIT\r\n"]
    assert held.talk.banner_date == datetime(2025, 8, 4, 11, 15, 30, tzinfo=UTC)
    assert held.connections == 1


def test_the_device_sender_and_the_recipient_are_used_as_given(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_mail()
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await talk.hear()
            await talk.say(answer)
        while await talk.hear() != b".\r\n":
            pass
        await talk.say(b"554 5.2.252 SendAsDenied; scanner@contoso.com not allowed to send as office@contoso.com\r\n")

    subject = replace(SUBJECT, sender="office@contoso.com", recipient="it@contoso.com")
    held = hold(script, tmp_path, subject=subject)
    assert b"MAIL FROM:<office@contoso.com>\r\n" in held.heard
    assert b"From: office@contoso.com\r\n" in held.heard
    data = held.talk.reply(Stage.DATA)
    assert data is not None
    assert data.code == 554


@pytest.mark.parametrize(
    "form", [b"500 5.5.6 Authentication Exchange line is too long\r\n", b"501 5.5.4 Invalid arguments\r\n"]
)
def test_one_line_is_tried_where_the_two_step_form_is_not_known(tmp_path: Path, form: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(form)
        await talk.hear()
        await talk.say(REFUSED)

    held = hold(script, tmp_path)
    assert held.heard[4] == b"AUTH XOAUTH2 " + blob() + b"\r\n"
    assert [str(step.answer)[:3] for step in held.talk.steps if step.stage is Stage.AUTH] == [form[:3].decode(), "535"]


def test_a_refused_sign_in_is_never_tried_again(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(b"334 \r\n")
        await talk.hear()
        await talk.say(REFUSED)

    held = hold(script, tmp_path)
    assert sum(line.startswith(b"AUTH") for line in held.heard) == 1
    assert held.heard[-1] == b"QUIT\r\n"
    assert held.connections == 1


def test_the_json_of_a_challenge_is_kept_and_answered_by_an_empty_line(tmp_path: Path) -> None:
    challenge = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}

    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(b"334 \r\n")
        await talk.hear()
        await talk.say(b"334 " + base64.b64encode(json.dumps(challenge).encode()) + b"\r\n")
        assert await talk.hear() == b"\r\n"
        await talk.say(b"535 5.7.8 Username and Password not accepted\r\n")

    held = hold(script, tmp_path)
    assert held.talk.challenge is not None
    assert json.loads(held.talk.challenge) == challenge


def test_a_challenge_without_end_is_cancelled(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        while await talk.hear():
            await talk.say(b"334 \r\n")

    held = hold(script, tmp_path)
    assert [line for line in held.heard if line][-2:] == [b"*\r\n", b"QUIT\r\n"]
    assert not held.talk.authenticated


def test_stripped_starttls_sends_no_sign_in(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(BANNER)
        await talk.hear()
        await talk.say(BEFORE_TLS.replace(b"250-STARTTLS\r\n", b""))
        await talk.hear()
        await talk.say(b"500 5.3.3 Unrecognized command\r\n")

    held = hold(script, tmp_path)
    assert b"AUTH" not in held.wire
    assert held.talk.tls is None


@pytest.mark.parametrize("injected", [b"250-evil\r\n250 AUTH PLAIN\r\n", b"250 fragment without end"])
def test_plaintext_behind_the_220_is_reported_and_no_sign_in_follows(tmp_path: Path, injected: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_tls(READY + injected)

    held = hold(script, tmp_path)
    assert [(found.stage, found.breach) for found in held.talk.violations] == [
        (Stage.STARTTLS, Breach.PLAINTEXT_AFTER_STARTTLS)
    ]
    assert "evil" in held.talk.violations[0].shown or "fragment" in held.talk.violations[0].shown
    assert b"AUTH" not in held.wire


@pytest.mark.parametrize("answer", [b"454 4.7.0 TLS not available\r\n", b"502 5.5.1 no\r\n", b"354 what\r\n"])
def test_a_refused_starttls_ends_the_dialogue(tmp_path: Path, answer: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(BANNER)
        await talk.hear()
        await talk.say(BEFORE_TLS)
        await talk.hear()
        await talk.say(answer)

    held = hold(script, tmp_path)
    reply = held.talk.reply(Stage.STARTTLS)
    assert reply is not None
    assert reply.code == int(answer[:3])
    assert b"AUTH" not in held.wire


def issue(authority: trustme.CA, *names: str, days: tuple[int, int] = (-1, 30)) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return authority.issue_cert(
        *names, not_before=now + timedelta(days=days[0]), not_after=now + timedelta(days=days[1])
    )


async def only_tls(talk: Talk) -> None:
    await talk.up_to_tls()


@pytest.mark.parametrize(
    ("names", "days", "trusted", "flaws"),
    [
        ((HOST,), (-90, -1), True, {Flaw.EXPIRED}),
        ((HOST,), (1, 90), True, {Flaw.NOT_YET_VALID}),
        (("mail.example.net",), (-1, 30), True, {Flaw.WRONG_NAME}),
        ((HOST,), (-1, 30), False, {Flaw.UNKNOWN_ROOT}),
        (("mail.example.net",), (-90, -1), False, {Flaw.WRONG_NAME, Flaw.EXPIRED, Flaw.UNKNOWN_ROOT}),
    ],
)
def test_each_flaw_of_a_certificate_is_told_apart_and_no_sign_in_follows(
    tmp_path: Path, names: tuple[str, ...], days: tuple[int, int], trusted: bool, flaws: set[Flaw]
) -> None:
    held = hold(only_tls, tmp_path, certificate=lambda authority: issue(authority, *names, days=days), trusted=trusted)
    tls = held.talk.tls
    assert tls is not None
    assert not tls.verified
    assert set(tls.flaws) == flaws
    assert tls.chain[0].names == names
    assert tls.version is not None
    assert b"AUTH" not in held.wire
    assert held.connections == 2


def test_a_healthy_chain_is_recorded_too(tmp_path: Path) -> None:
    held = hold(only_tls, tmp_path, token=None, patience=Patience(step_s=3, total_s=3))
    tls = held.talk.tls
    assert tls is not None
    assert tls.verified
    assert tls.flaws == ()
    assert tls.chain[0].names == (HOST,)
    assert tls.version in {"TLSv1.2", "TLSv1.3"}


def test_an_old_tls_version_is_no_handshake(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(BANNER)
        await talk.hear()
        await talk.say(BEFORE_TLS)
        await talk.hear()
        await talk.say(READY)
        await talk.reader.read(1)
        await talk.say(bytes.fromhex("15 0301 0002 02 46"))  # alert, fatal, protocol_version (RFC 8446, 6.2)

    held = hold(script, tmp_path)
    assert held.talk.tls is not None
    assert "PROTOCOL_VERSION" in held.talk.tls.error
    assert held.connections == 1


def test_words_in_place_of_a_handshake_are_no_handshake(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(BANNER)
        await talk.hear()
        await talk.say(BEFORE_TLS)
        await talk.hear()
        await talk.say(READY)
        await talk.reader.read(1)
        await talk.say(b"554 no TLS today\r\n")

    held = hold(script, tmp_path)
    assert held.talk.tls is not None
    assert "WRONG_VERSION" in held.talk.tls.error or "RECORD" in held.talk.tls.error


@pytest.mark.parametrize("at", [Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.EHLO_TLS, Stage.AUTH])
def test_a_connection_dropped_at_any_step_is_said_to_be_dropped_there(tmp_path: Path, at: Stage) -> None:
    async def script(talk: Talk) -> None:
        for stage, answer in (
            (Stage.BANNER, BANNER),
            (Stage.EHLO, BEFORE_TLS),
            (Stage.STARTTLS, READY),
            (Stage.EHLO_TLS, AFTER_TLS),
            (Stage.AUTH, b"334 \r\n"),
        ):
            if stage is not Stage.BANNER:
                await talk.hear()
            if stage is at:
                talk.writer.transport.abort()
                return
            await talk.say(answer)
            if stage is Stage.STARTTLS:
                await talk.secure()

    silent = hold(script, tmp_path).talk.silence
    assert silent is not None
    assert silent.stage is at
    assert reason(silent.answer) is Reason.DROPPED


@pytest.mark.parametrize("at", [Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.TLS, Stage.AUTH])
def test_silence_at_any_step_ends_in_a_time_out_there(tmp_path: Path, at: Stage) -> None:
    async def script(talk: Talk) -> None:
        if at is Stage.BANNER:
            return
        await talk.say(BANNER)
        await talk.hear()
        if at is Stage.EHLO:
            return
        await talk.say(BEFORE_TLS)
        await talk.hear()
        if at is Stage.STARTTLS:
            return
        await talk.say(READY)
        if at is Stage.TLS:
            return
        await talk.secure()
        await talk.hear()
        await talk.say(AFTER_TLS)

    silent = hold(script, tmp_path, patience=Patience(step_s=1.5, total_s=20)).talk.silence
    assert silent is not None
    assert silent.stage is at
    assert reason(silent.answer) is Reason.TIMEOUT


def test_a_server_that_drips_is_stopped_by_the_deadline_of_the_whole_dialogue(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        while True:
            await talk.say(b"220-drip\r\n")
            await asyncio.sleep(0.1)

    silent = hold(script, tmp_path, patience=Patience(step_s=30, total_s=0.7)).talk.silence
    assert silent is not None
    assert reason(silent.answer) is Reason.DEADLINE


@pytest.mark.parametrize("flood", [b"250-x\r\n" * 20_000, b"2" * 200_000])
def test_a_reply_without_end_is_cut_off(tmp_path: Path, flood: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(flood)

    held = hold(script, tmp_path)
    assert any(found.breach is Breach.TOO_LONG for found in held.talk.violations)
    assert b"AUTH" not in held.wire


@pytest.mark.parametrize(
    ("answer", "breach"),
    [
        (b"235-ok\r\n535 no\r\n", Breach.MIXED_CODES),
        (b"2_3 ok\r\n", Breach.BAD_LINE),
        (b"+35 ok\r\n", Breach.BAD_LINE),
        (b"600 ok\r\n", Breach.BAD_LINE),
        (b"235 one\r\n535 two\r\n", Breach.UNSOLICITED),
    ],
)
def test_an_improper_answer_to_the_sign_in_is_never_a_success(tmp_path: Path, answer: bytes, breach: Breach) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(b"334 \r\n")
        await talk.hear()
        await talk.say(answer)

    held = hold(script, tmp_path)
    assert breach in {found.breach for found in held.talk.violations}
    assert b"MAIL" not in held.wire


def test_hostile_bytes_are_kept_as_escapes(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(b"554 \xff\xfe\x80 no service\r\n")

    reply = hold(script, tmp_path).talk.reply(Stage.BANNER)
    assert reply is not None
    assert reply.text == "\\xff\\xfe\\x80 no service"


def test_a_farewell_that_nobody_asked_for_is_the_answer(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_mail()
        await talk.say(b"421 4.3.2 Service not available\r\n")

    held = hold(script, tmp_path)
    answers = [step.answer for step in held.talk.steps if isinstance(step.answer, Reply)]
    assert answers[-1].code == 421
    assert held.talk.violations == ()


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_server_that_echoes_the_sign_in_does_not_bring_the_token_into_the_evidence(
    tmp_path: Path, before: int
) -> None:
    echo = base64.b64encode(b"x" * before + TOKEN.encode())

    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(b"334 \r\n")
        await talk.hear()
        await talk.say(b"535-5.7.3 " + TOKEN.encode()[:900] + b"\r\n535 5.7.3 " + echo[:900] + b"\r\n")

    told = repr(hold(script, tmp_path).talk)
    assert "535" in told or "5.7.3" in told
    for secret in (TOKEN, echo.decode()[4:]):
        assert not any(secret[at : at + 16] in told for at in range(800))


def test_a_closed_port_is_a_refusal() -> None:
    import socket

    from diag.adapters.smtp import Submission
    from diag.adapters.trust import trust
    from diag.secret import Redactor

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    smtp = Submission(trust=trust(None), redactor=Redactor(), route=lambda _a, _p: ("127.0.0.1", port))
    talk = asyncio.run(smtp.dialogue(SUBJECT, "192.0.2.10", None))
    assert talk.silence is not None
    assert reason(talk.silence.answer) is Reason.REFUSED


def test_a_challenge_that_echoes_the_sign_in_brings_no_token_into_the_evidence(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth()
        await talk.hear()
        await talk.say(b"334 \r\n")
        sent = (await talk.hear()).strip()
        await talk.say(b"334 " + base64.b64encode(sent) + b"\r\n")
        await talk.hear()
        await talk.say(REFUSED)

    held = hold(script, tmp_path)
    assert held.talk.challenge is not None
    secret = blob().decode()
    assert not any(secret[at : at + 16] in repr(held.talk) for at in range(40, len(secret) - 60))


def test_a_farewell_behind_the_220_is_plaintext_like_any_other(tmp_path: Path) -> None:
    lie = b"421 4.7.66 535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox\r\n"

    async def script(talk: Talk) -> None:
        await talk.up_to_tls(READY + lie)

    held = hold(script, tmp_path)
    assert [found.breach for found in held.talk.violations] == [Breach.PLAINTEXT_AFTER_STARTTLS]
    assert held.talk.step(Stage.EHLO_TLS) is None
    assert b"AUTH" not in held.wire


def test_a_farewell_behind_the_answer_to_ehlo_is_the_answer_to_starttls(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(BANNER)
        await talk.hear()
        await talk.say(BEFORE_TLS + b"421 4.3.2 Service not available\r\n")

    held = hold(script, tmp_path)
    reply = held.talk.reply(Stage.STARTTLS)
    assert reply is not None
    assert reply.code == 421
    assert b"STARTTLS" not in held.wire


def test_a_host_name_with_its_last_dot_is_the_same_host(tmp_path: Path) -> None:
    held = hold(
        only_tls, tmp_path, subject=replace(SUBJECT, smtp_host=HOST + "."), patience=Patience(step_s=3, total_s=3)
    )
    assert held.talk.tls is not None
    assert held.talk.tls.verified


def test_a_mechanism_that_only_resembles_xoauth2_is_no_offer(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_auth(b"250-mail.example\r\n250 AUTH PLAIN X-XOAUTH2-TEST\r\n")

    held = hold(script, tmp_path)
    assert b"AUTH" not in held.wire


def test_any_positive_answer_will_do(tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.up_to_mail()
        for answer in (b"251 ok\r\n", b"252 ok\r\n"):
            await talk.hear()
            await talk.say(answer)

    assert b"RCPT" in hold(script, tmp_path).wire
