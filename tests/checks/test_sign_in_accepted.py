from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks.sign_in_accepted import judge
from diag.catalogue import load
from diag.evidence import Breach, CodeExpired, Declined, Evidence, Opaque, Reason, Silence, Unreadable
from diag.obstacle import Obstacle
from diag.outcome import Failed
from diag.sentence import say
from diag.stage import Stage
from tests.checks.outcomes import LIKELY, POSSIBLE, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import (
    BARE,
    GRAPH,
    HOST,
    MAILBOX_OFF,
    NOBODY,
    NOW,
    OTHER_TENANT,
    TAIL,
    TENANT_OFF,
    answered,
    breaking,
    ending_at,
    healthy,
    knowing,
    no_answer,
    refusal,
    saying,
    silent,
    talk_of,
    with_token,
    without_token,
)

IDENTITY = {"token_user_mismatch", "token_wrong_audience", "token_wrong_tenant", "token_missing_scope"}


def refused(text: str, evidence: Evidence | None = None) -> Evidence:
    return answered(evidence or healthy(), Stage.AUTH, 535, text)


def test_an_accepted_sign_in_clears_everything_that_could_have_kept_it_out() -> None:
    cleared = passed(judge(healthy()))
    stages = {Stage.SIGN_IN, Stage.TOKEN, Stage.AUTH}
    assert cleared == {cause.id for cause in load().causes.values() if cause.stage in stages}
    assert cleared >= IDENTITY | {"smtp_auth_disabled_mailbox", "oauth_rejected_unspecified"}


def test_the_switch_of_the_mailbox_is_proven_and_shows_that_the_token_fits() -> None:
    outcome = judge(refused(MAILBOX_OFF))
    assert suspects(outcome) == {"smtp_auth_disabled_mailbox": PROVEN}
    assert isinstance(outcome, Failed)
    assert set(outcome.clears) >= IDENTITY


def test_the_switch_of_the_tenant_is_proven_and_shows_nothing_of_the_token() -> None:
    outcome = judge(refused(TENANT_OFF))
    assert suspects(outcome) == {"smtp_auth_disabled_tenant": PROVEN}
    assert isinstance(outcome, Failed)
    assert outcome.clears == ()


def test_the_reply_is_shown_without_the_part_that_differs_each_time() -> None:
    outcome = judge(refused(MAILBOX_OFF))
    assert TAIL not in shown(outcome) + because(outcome)
    assert "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled" in because(outcome)


def test_a_bare_refusal_of_a_token_that_fits_points_to_a_shared_mailbox() -> None:
    expected = {"shared_mailbox_as_smtp_identity": LIKELY, "microsoft_side_outage_auth": POSSIBLE}
    assert suspects(judge(refused(BARE))) == expected


def test_an_account_with_a_licence_makes_a_shared_mailbox_less_likely() -> None:
    found = suspects(judge(knowing(refused(BARE), mailbox=no_answer(Obstacle.NO_PERMISSION))))
    assert set(found.values()) == {POSSIBLE}
    assert next(iter(found)) == "oauth_rejected_unspecified"


def test_a_bare_refusal_of_an_application_points_to_its_missing_set_up() -> None:
    evidence = with_token(refused(BARE), app_only=True, scopes=(), users=())
    expected = {"app_only_not_set_up": LIKELY, "microsoft_side_outage_auth": POSSIBLE}
    assert suspects(judge(evidence)) == expected


@pytest.mark.parametrize(
    "claims",
    [
        {"audience": GRAPH},
        {"scopes": ()},
        {"tenant": OTHER_TENANT},
        {"users": (("upn", "admin@contoso.com"),)},
        {"expires_at": NOW - timedelta(hours=1)},
    ],
)
def test_a_bare_refusal_is_left_to_the_token_where_that_does_not_fit(claims: dict[str, Any]) -> None:
    outcome = judge(with_token(refused(BARE), **claims))
    assert suspects(outcome) == {"oauth_rejected_unspecified": POSSIBLE}


# Everything else in the token speaks for it, but it cannot be said to fit before its time has come.
def test_a_token_that_is_not_valid_yet_does_not_fit() -> None:
    evidence = with_token(refused(BARE), not_before=NOW + timedelta(hours=1), expires_at=NOW + timedelta(hours=2))
    assert suspects(judge(evidence)) == {"oauth_rejected_unspecified": POSSIBLE}


def test_a_bare_refusal_of_a_damaged_token_is_put_down_to_the_damage() -> None:
    outcome = judge(with_token(refused(BARE), Unreadable(length=255, problem=say("x"))))
    assert suspects(outcome) == {"token_unreadable": LIKELY}


def test_a_bare_refusal_of_a_token_that_cannot_be_read_leaves_all_causes_possible() -> None:
    found = suspects(judge(with_token(refused(BARE), Opaque(length=1200))))
    assert set(found.values()) == {POSSIBLE}
    assert found.keys() >= {"token_user_mismatch", "token_wrong_audience", "oauth_rejected_unspecified"}


def test_a_refusal_nobody_knows_is_weighed_like_a_bare_one() -> None:
    outcome = judge(refused("5.7.999 The moon is full"))
    assert "shared_mailbox_as_smtp_identity" in suspects(outcome)
    assert "The moon is full" in shown(outcome)


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.DROPPED])
def test_silence_after_the_sign_in_is_a_silent_server(reason: Reason) -> None:
    outcome = judge(silent(healthy(), Stage.AUTH, reason))
    assert suspects(outcome) == {"server_silent": LIKELY, "microsoft_side_outage_auth": POSSIBLE}
    assert f"{HOST}:587" in because(outcome)


def waited(evidence: Evidence, ms: float) -> Evidence:
    """The last step took so long."""
    *before, last = talk_of(evidence).steps
    return saying(evidence, steps=(*before, replace(last, duration_ms=ms)))


# Behind TLS nobody on the way can tell the sign-in from the commands before it, except by its length.
@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.DEADLINE])
@pytest.mark.parametrize(
    ("length", "waited_ms", "first"),
    [
        (2400, 20_000.0, "path_mtu"),
        (900, 20_000.0, "server_silent"),  # it fits into one packet
        (2400, 3_000.0, "server_silent"),  # Exchange Online may take longer than that to refuse
    ],
)
def test_a_long_token_that_is_never_answered_points_to_large_packets_that_get_lost(
    length: int, waited_ms: float, first: str, reason: Reason
) -> None:
    evidence = with_token(waited(silent(healthy(), Stage.AUTH, reason), waited_ms), length=length)
    (cause, sure), *others = suspects(judge(evidence)).items()
    assert (cause, sure) == (first, LIKELY)
    assert {certainty for _, certainty in others} == {POSSIBLE}


def test_a_connection_that_is_closed_at_a_long_token_is_no_sign_of_lost_packets() -> None:
    evidence = with_token(waited(silent(healthy(), Stage.AUTH, Reason.DROPPED), 20_000.0), length=2400)
    assert "path_mtu" not in suspects(judge(evidence))


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (without_token(healthy(), NOBODY), "nobody asked"),
        (without_token(healthy(), refusal(65001)), "the sign-in service refused to issue a token"),
        (without_token(healthy(), Declined(polls=1)), "the sign-in was declined in the browser"),
        (
            without_token(healthy(), CodeExpired(polls=1, lifetime_s=9, browser=None)),
            "nobody finished signing in before the code expired",
        ),
        (
            without_token(healthy(), Silence(who="login.example", reason=Reason.DNS)),
            "login.example did not answer",
        ),
        (silent(healthy(), Stage.EHLO), "the dialogue ended before, at the step EHLO"),
        (answered(healthy(), Stage.STARTTLS, 454, "no"), "an earlier step was refused"),
        (
            breaking(ending_at(healthy(), Stage.EHLO_TLS), Breach.PLAINTEXT_AFTER_STARTTLS),
            "the dialogue was broken off, since the server broke the protocol",
        ),
    ],
)
def test_a_sign_in_that_was_not_tried_says_why(evidence: Evidence, why: str) -> None:
    assert skipped(judge(evidence)) == why


# Bare line endings end no dialogue: the adapter goes on, and protocol-kept calls them harmless.
def test_harmless_line_endings_are_not_blamed_for_a_missing_token() -> None:
    evidence = breaking(without_token(healthy(), Declined(polls=1)), Breach.BARE_LINE_ENDING)
    assert skipped(judge(evidence)) == "the sign-in was declined in the browser"


def test_a_challenge_is_not_an_acceptance() -> None:
    assert isinstance(judge(answered(healthy(), Stage.AUTH, 334, "eyJzdGF0dXMiOiI0MDEifQ==")), Failed)
    assert passed(judge(saying(healthy(), challenge="{}")))
