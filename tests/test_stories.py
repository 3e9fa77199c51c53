"""Stories told by the real checks: evidence with one trouble in it, and the diagnosis that must come of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Diagnosis, Verdict
from diag.evidence import (
    Breach,
    Claims,
    CodeExpired,
    ContactStatus,
    Declined,
    Evidence,
    Flaw,
    LookupStatus,
    Opaque,
    Reason,
    Silence,
)
from diag.outcome import (
    Certainty,
)
from diag.pipeline import replay
from diag.stage import Stage
from tests.evidence_cases import (
    BARE,
    GRAPH,
    IPV4,
    MAILBOX_OFF,
    NOBODY,
    NOW,
    OTHER_TENANT,
    TAIL,
    TENANT_OFF,
    answered,
    asking,
    breaking,
    certificate,
    clocks,
    contact,
    discovering,
    greeting,
    healthy,
    lookup,
    refusal,
    saying,
    sending,
    silent,
    with_network,
    with_sign_in,
    with_tls,
    with_token,
    without_token,
)


def ids(diagnosis: Diagnosis) -> list[str]:
    return [finding.cause.id for finding in diagnosis.findings]


def told(evidence: Evidence) -> Diagnosis:
    return replay(evidence, CHECKS, load())


def refused(text: str, evidence: Evidence | None = None) -> Evidence:
    return answered(evidence or healthy(), Stage.AUTH, 535, text)


def dead_port(status: ContactStatus) -> Evidence:
    gone = with_network(healthy(), contacts=(contact(IPV4, status),))
    return without_token(gone, NOBODY)


def flawed(flaw: Flaw) -> Evidence:
    chain = (replace(certificate("CN=x", "CN=x"), not_after=NOW - timedelta(days=1)),)
    return without_token(with_tls(healthy(), verified=False, flaws=(flaw,), chain=chain, error="x"), NOBODY)


def tokens(evidence: Evidence, **claims: Any) -> Evidence:
    return with_token(refused(BARE, evidence), **claims)


OTHER_MTA = without_token(
    answered(greeting(healthy(), "mail.example.net ESMTP", name="mail.example.net"), Stage.STARTTLS, 502, "no"), NOBODY
)
TROUBLES: dict[str, tuple[Callable[[], Evidence], str, Certainty]] = {
    "the mailbox's switch": (lambda: refused(MAILBOX_OFF), "smtp_auth_disabled_mailbox", Certainty.PROVEN),
    "the tenant's switch": (lambda: refused(TENANT_OFF), "smtp_auth_disabled_tenant", Certainty.PROVEN),
    "a bare refusal": (lambda: refused(BARE), "shared_mailbox_as_smtp_identity", Certainty.LIKELY),
    "a token for Graph": (lambda: tokens(healthy(), audience=GRAPH), "token_wrong_audience", Certainty.PROVEN),
    "a token without scope": (lambda: tokens(healthy(), scopes=()), "token_missing_scope", Certainty.PROVEN),
    "an expired token": (lambda: tokens(healthy(), expires_at=NOW), "token_expired", Certainty.PROVEN),
    "another tenant": (lambda: tokens(healthy(), tenant=OTHER_TENANT), "token_wrong_tenant", Certainty.PROVEN),
    "another account": (
        lambda: tokens(healthy(), users=(("upn", "admin@contoso.com"),)),
        "token_user_mismatch",
        Certainty.PROVEN,
    ),
    "no name": (
        lambda: without_token(with_network(healthy(), lookups=(lookup(LookupStatus.TIMEOUT),), contacts=()), NOBODY),
        "dns_failure",
        Certainty.PROVEN,
    ),
    "a blocked port": (lambda: dead_port(ContactStatus.TIMEOUT), "port_blocked", Certainty.LIKELY),
    "a refused port": (lambda: dead_port(ContactStatus.REFUSED), "connection_refused", Certainty.PROVEN),
    "another mail server": (lambda: OTHER_MTA, "connection_intercepted_by_other_mta", Certainty.PROVEN),
    "an expired certificate": (lambda: flawed(Flaw.EXPIRED), "certificate_expired", Certainty.PROVEN),
    "another name": (
        lambda: without_token(with_tls(healthy(), verified=False, flaws=(Flaw.WRONG_NAME,), error="x"), NOBODY),
        "certificate_wrong_name",
        Certainty.PROVEN,
    ),
    "no XOAUTH2": (
        lambda: without_token(saying(healthy(), features_after=("AUTH LOGIN",)), NOBODY),
        "xoauth2_not_offered",
        Certainty.PROVEN,
    ),
    "no consent": (lambda: without_token(healthy(), refusal(65001)), "consent_missing", Certainty.PROVEN),
    "nobody signed in": (
        lambda: without_token(healthy(), CodeExpired(polls=9, lifetime_s=900, browser=None)),
        "device_code_expired",
        Certainty.PROVEN,
    ),
    "a declined sign-in": (
        lambda: without_token(healthy(), Declined(polls=2)),
        "device_code_declined",
        Certainty.PROVEN,
    ),
    "an unknown tenant": (
        lambda: without_token(discovering(healthy(), refusal(90002, step="discovery")), NOBODY),
        "tenant_not_found",
        Certainty.PROVEN,
    ),
    "a silent sign-in service": (
        lambda: without_token(discovering(healthy(), Silence(who="x", reason=Reason.TIMEOUT)), NOBODY),
        "sign_in_unreachable",
        Certainty.PROVEN,
    ),
    "a banned sender": (
        lambda: answered(
            asking(sending(healthy()), sender="other@contoso.com"), Stage.DATA, 554, "5.2.252 SendAsDenied; not allowed"
        ),
        "send_as_denied",
        Certainty.PROVEN,
    ),
    "a silent server": (
        lambda: without_token(silent(healthy(), Stage.BANNER, Reason.TIMEOUT), NOBODY),
        "server_silent",
        Certainty.LIKELY,
    ),
    "a hang-up after EHLO": (
        lambda: without_token(silent(healthy(), Stage.EHLO), NOBODY),
        "connection_dropped",
        Certainty.LIKELY,
    ),
    "injected bytes": (
        lambda: without_token(breaking(healthy(), Breach.PLAINTEXT_AFTER_STARTTLS), NOBODY),
        "plaintext_after_starttls",
        Certainty.PROVEN,
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trouble_is_found_first_and_as_surely_as_it_can_be(trouble: str) -> None:
    made, expected, certainty = TROUBLES[trouble]
    diagnosis = told(made())
    assert diagnosis.best is not None
    assert (diagnosis.best.cause.id, diagnosis.best.certainty) == (expected, certainty)
    assert diagnosis.verdict is Verdict.BROKEN
    assert not diagnosis.broke


def test_a_bare_refusal_of_a_token_for_another_audience_accuses_the_audience_alone() -> None:
    diagnosis = told(with_token(refused(BARE), audience=GRAPH))
    assert ids(diagnosis) == ["token_wrong_audience"]


def test_a_named_switch_acquits_a_token_that_looks_wrong() -> None:
    diagnosis = told(with_token(refused(MAILBOX_OFF), audience=GRAPH, users=(("upn", "admin@contoso.com"),)))
    assert ids(diagnosis) == ["smtp_auth_disabled_mailbox"]


def test_an_accepted_sign_in_acquits_a_token_that_looks_wrong() -> None:
    diagnosis = told(with_token(healthy(), audience=GRAPH, scopes=(), tenant=OTHER_TENANT))
    assert diagnosis.findings == ()
    assert diagnosis.verdict is Verdict.HEALTHY


def test_two_faults_of_one_token_are_both_proven() -> None:
    diagnosis = told(with_token(refused(BARE), audience=GRAPH, expires_at=NOW - timedelta(hours=1)))
    assert set(ids(diagnosis)) == {"token_wrong_audience", "token_expired"}
    assert {finding.certainty for finding in diagnosis.findings} == {Certainty.PROVEN}


def test_a_bare_refusal_of_an_opaque_token_names_possibilities_and_decides_nothing() -> None:
    diagnosis = told(with_token(refused(BARE), Opaque(length=1200)))
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert len(diagnosis.findings) > 5
    assert {finding.certainty for finding in diagnosis.findings} == {Certainty.POSSIBLE}


def test_without_a_token_a_clear_way_is_inconclusive_and_says_what_was_not_asked() -> None:
    diagnosis = told(without_token(healthy(), NOBODY))
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert diagnosis.findings == ()
    assert [entry.check.id for entry in diagnosis.unanswered] == [
        "token-issued",
        "sign-in-accepted",
        "sender-accepted",
        "recipient-accepted",
    ]


def test_a_dead_second_address_only_degrades() -> None:
    contacts = (contact(IPV4), contact("2001:db8::10", ContactStatus.TIMEOUT))
    diagnosis = told(with_network(healthy(), contacts=contacts))
    assert ids(diagnosis) == ["address_unreachable"]
    assert diagnosis.verdict is Verdict.DEGRADED


def test_a_clock_that_is_off_explains_an_expired_token() -> None:
    off = timedelta(hours=3)
    evidence = clocks(tokens(healthy(), expires_at=NOW - 2 * off), off, off)
    assert "clock_off" in ids(told(evidence))


# Discovery answered, and then the token endpoint did not: that discovery passed acquits nobody.
def test_a_sign_in_service_that_falls_silent_after_its_discovery_is_a_cause() -> None:
    silence = Silence(who="login.microsoftonline.com", reason=Reason.TIMEOUT)
    diagnosis = told(without_token(healthy(), silence))
    assert "sign_in_unreachable" in ids(diagnosis)
    assert diagnosis.verdict is Verdict.BROKEN


# A tenant that discovery knows can still be refused when a token is asked for.
@pytest.mark.parametrize("code", [50059, 50128])
def test_a_tenant_refused_after_its_discovery_is_a_cause(code: int) -> None:
    assert ids(told(without_token(healthy(), refusal(code))))


# The sign-in was accepted, and what is refused afterwards is refused in the same words as a sign-in may be.
@pytest.mark.parametrize(
    ("stage", "code", "text", "expected"),
    [
        (
            Stage.MAIL,
            451,
            f"4.7.0 Temporary server error. Please try again later. PRX2 {TAIL}",
            "temporary_proxy_error",
        ),
        (
            Stage.DATA,
            451,
            f"4.7.0 Temporary server error. Please try again later. PRX4 {TAIL}",
            "temporary_proxy_error",
        ),
        (Stage.RCPT, 530, f"5.7.57 Client not authenticated to send mail. {TAIL}", "no_auth_sent"),
        (Stage.MAIL, 550, f"5.2.1 Mailbox cannot be accessed {TAIL}", "mailbox_cannot_be_accessed"),
    ],
)
def test_what_an_earlier_step_cleared_a_later_step_can_still_name(
    stage: Stage, code: int, text: str, expected: str
) -> None:
    assert expected in ids(told(answered(sending(healthy()), stage, code, text)))


BEFORE_AUTH = (Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.EHLO_TLS)


# Each of these ends the dialogue, so each needs a cause, or the diagnosis is empty-handed.
@pytest.mark.parametrize("reason", [Reason.DROPPED, Reason.TIMEOUT])
@pytest.mark.parametrize("stage", [*BEFORE_AUTH, Stage.AUTH, Stage.MAIL, Stage.RCPT])
def test_wherever_the_server_falls_silent_there_is_a_cause(stage: Stage, reason: Reason) -> None:
    assert ids(told(silent(healthy(), stage, reason)))


@pytest.mark.parametrize("stage", BEFORE_AUTH)
def test_wherever_the_server_falls_silent_before_anybody_signs_in_there_is_a_cause(stage: Stage) -> None:
    assert ids(told(without_token(silent(healthy(), stage), NOBODY)))


@pytest.mark.parametrize("stage", [*BEFORE_AUTH, Stage.AUTH, Stage.MAIL, Stage.RCPT])
@pytest.mark.parametrize("reply", [(421, "4.3.2 Service not available"), (550, "5.9.9 Never heard of it")])
def test_wherever_the_server_refuses_there_is_a_cause(stage: Stage, reply: tuple[int, str]) -> None:
    assert ids(told(answered(healthy(), stage, *reply)))


def test_every_suspicion_about_the_token_is_hidden_by_a_port_that_is_blocked() -> None:
    evidence = with_token(with_network(healthy(), contacts=(contact(IPV4, ContactStatus.REFUSED),)), audience=GRAPH)
    assert isinstance(evidence.sign_in.token, Claims)
    diagnosis = told(with_sign_in(evidence, expected_audiences=("https://outlook.office.com",)))
    assert diagnosis.best is not None
    assert diagnosis.best.cause.id == "connection_refused"


def test_the_same_evidence_gives_the_same_diagnosis() -> None:
    evidence = with_token(refused(BARE), audience=GRAPH)
    assert told(evidence).findings == told(evidence).findings


def test_where_no_name_resolves_the_network_comes_before_the_sign_in_service() -> None:
    silence = Silence(who="login.microsoftonline.com", reason=Reason.DNS)
    evidence = discovering(with_network(healthy(), lookups=(lookup(LookupStatus.NO_SUCH_NAME),), contacts=()), silence)
    best = told(evidence).best
    assert best is not None
    assert best.cause.id == "network_unreachable"
