"""The whole command against Dovecot: any conforming submission server will do, not only Exchange Online."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.e2e.command import Ran, diag
from tests.real.dovecot import Dovecot, running

MAILBOX = "scanner@example.org"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


def run(
    server: Dovecot, folder: Path, token: str, *more: str, ca_file: Path | None = None
) -> tuple[Ran, dict[str, Any]]:
    (folder / "token.txt").write_text(token, encoding="utf-8")
    ran = diag(
        *("scan-to-email", MAILBOX, "--smtp-host", "127.0.0.1", "--smtp-port", str(server.port)),
        *("--ca-file", str(ca_file or server.ca_file), "--token-file", "token.txt"),
        # Nobody listens there; with a token in hand the sign-in service is not needed.
        *("--authority", "https://localhost:9/example.org", "--timeout", "20", "--format", "json", *more),
        folder=folder,
    )
    return ran, json.loads(ran.out)


def causes(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cause["id"], cause["certainty"]) for cause in report["causes"]]


def test_a_good_token_is_healthy(dovecot: Dovecot, tmp_path: Path) -> None:
    ran, report = run(dovecot, tmp_path, dovecot.token(MAILBOX))
    assert (ran.code, report["verdict"], causes(report)) == (0, "healthy", [])


def test_a_test_message_is_sent_where_one_is_asked_for(dovecot: Dovecot, tmp_path: Path) -> None:
    ran, report = run(dovecot, tmp_path, dovecot.token(MAILBOX), "--to", "it@example.org")
    assert (ran.code, report["verdict"]) == (0, "healthy")
    assert b"To: it@example.org" in dovecot.messages[-1]


def test_a_token_of_somebody_else_is_proven_to_be_that(dovecot: Dovecot, tmp_path: Path) -> None:
    ran, report = run(dovecot, tmp_path, dovecot.token("admin@example.org"))
    assert (ran.code, causes(report)) == (1, [("token_user_mismatch", "proven")])


def test_an_expired_token_is_proven_to_be_that(dovecot: Dovecot, tmp_path: Path) -> None:
    from datetime import timedelta

    ran, report = run(dovecot, tmp_path, dovecot.token(MAILBOX, lifetime=timedelta(hours=-1)))
    assert (ran.code, causes(report)) == (1, [("token_expired", "proven")])


def test_a_token_refused_for_no_reason_that_shows_is_not_explained_away(dovecot: Dovecot, tmp_path: Path) -> None:
    ran, report = run(dovecot, tmp_path, "an-opaque-token-that-dovecot-never-issued")
    assert (ran.code, report["verdict"]) == (3, "inconclusive")
    assert causes(report) == [("oauth_rejected_unspecified", "possible")]
    assert '"status"' in " ".join(report["causes"][0]["because"])


def test_a_certificate_by_nobody_known_is_refused_before_any_sign_in(dovecot: Dovecot, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    ran, report = run(dovecot, tmp_path, dovecot.token(MAILBOX), ca_file=roots)
    assert ran.code == 1
    assert causes(report)[0][0] == "certificate_untrusted"
    assert {check["id"]: check["outcome"] for check in report["checks"]}["sign-in-accepted"] == "skipped"
