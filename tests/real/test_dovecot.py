"""The adapters against Dovecot, which keeps to RFC 4954's line length and answers a bad token with a 334 challenge."""

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from diag.adapters.smtp import Submission
from diag.adapters.trust import trust
from diag.evidence import Dialogue, Reply
from diag.secret import Redactor, Secret
from diag.stage import Stage
from diag.subject import Subject
from tests.real.dovecot import HOST, Dovecot, running

MAILBOX = "scanner@example.org"
SUBJECT = Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_host=HOST)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


def hold(server: Dovecot, token: str | None, *, subject: Subject = SUBJECT, ca_file: Path | None = None) -> Dialogue:
    port = server.port
    smtp = Submission(
        trust=trust(ca_file or server.ca_file),
        redactor=Redactor(),
        route=lambda _address, _port: ("127.0.0.1", port),
    )
    return asyncio.run(smtp.dialogue(subject, "127.0.0.1", Secret(token) if token else None))


def test_a_good_token_is_accepted_and_nothing_is_sent(dovecot: Dovecot) -> None:
    before = len(dovecot.messages)
    talk = hold(dovecot, dovecot.token(MAILBOX))
    assert talk.authenticated
    assert talk.tls is not None
    assert talk.tls.verified
    assert [step.stage for step in talk.steps] == [
        Stage.BANNER,
        Stage.EHLO,
        Stage.STARTTLS,
        Stage.EHLO_TLS,
        Stage.AUTH,
        Stage.AUTH,
        Stage.MAIL,
        Stage.RCPT,
        Stage.QUIT,
    ]
    assert all(isinstance(step.answer, Reply) for step in talk.steps)
    assert talk.violations == ()
    assert len(dovecot.messages) == before


def test_a_test_message_arrives_where_one_is_asked_for(dovecot: Dovecot) -> None:
    talk = hold(dovecot, dovecot.token(MAILBOX), subject=replace(SUBJECT, recipient="it@example.org"))
    data = talk.reply(Stage.DATA)
    assert data is not None
    assert data.code == 250
    assert b"To: it@example.org" in dovecot.messages[-1]


def test_a_token_for_another_account_is_refused_once_and_its_challenge_is_kept(dovecot: Dovecot) -> None:
    talk = hold(dovecot, dovecot.token("admin@example.org"))
    refused = talk.reply(Stage.AUTH)
    assert refused is not None
    assert refused.code == 535
    assert talk.challenge is not None
    assert "status" in json.loads(talk.challenge)
    assert sum(isinstance(step.answer, Reply) and step.answer.code == 535 for step in talk.steps) == 1


def test_an_expired_token_is_refused(dovecot: Dovecot) -> None:
    talk = hold(dovecot, dovecot.token(MAILBOX, lifetime=timedelta(minutes=-3)))
    refused = talk.reply(Stage.AUTH)
    assert refused is not None
    assert refused.code == 535


def test_a_token_of_four_kilobytes_goes_through(dovecot: Dovecot) -> None:
    token = dovecot.token(MAILBOX, padding=2600)
    assert len(token) > 4000
    assert hold(dovecot, token).authenticated


def test_without_a_token_the_dialogue_ends_before_auth(dovecot: Dovecot) -> None:
    talk = hold(dovecot, None)
    assert talk.offers("XOAUTH2")
    assert talk.step(Stage.AUTH) is None
    assert talk.step(Stage.QUIT) is not None


def test_no_token_leaves_where_the_certificate_does_not_verify(dovecot: Dovecot, tmp_path: Path) -> None:
    import trustme

    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    talk = hold(dovecot, dovecot.token(MAILBOX), ca_file=other)
    assert talk.step(Stage.AUTH) is None
    assert talk.tls is not None
    assert not talk.tls.verified
    assert talk.tls.chain


def test_the_transcript_holds_no_part_of_the_token(dovecot: Dovecot) -> None:
    token = dovecot.token(MAILBOX)
    talk = str(hold(dovecot, token))
    blob = base64.b64encode(f"user={MAILBOX}\x01auth=Bearer {token}\x01\x01".encode()).decode()
    for secret in (token, blob):
        for at in range(0, len(secret) - 16, 8):
            assert secret[at : at + 16] not in talk
