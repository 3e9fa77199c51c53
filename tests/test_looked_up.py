"""What the setting, the token and the directory settle among causes that share one refusal, judged as a whole."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks import CHECKS
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.directory import Consent, MailboxKind, Policies, ServiceHealth, SignInRecord, SignIns, Trace
from diag.evidence import ContactStatus, Evidence, Page
from diag.obstacle import Obstacle
from diag.outcome import Certainty
from diag.pipeline import replay
from diag.setting import Switch
from tests.evidence_cases import (
    ACCOUNT,
    APP,
    EXCHANGE,
    INCIDENT,
    IPV4,
    MAILBOX,
    MAILBOX_OFF,
    NOW,
    REGISTRATION,
    SIGNED_IN,
    TENANT_OFF,
    TRACED,
    administered,
    alone,
    contact,
    expired,
    healthy,
    knowing,
    no_answer,
    policy,
    propagating,
    reading,
    refusal,
    refused,
    sending,
    with_network,
    with_token,
    without_token,
)

PROVEN, LIKELY, POSSIBLE = Certainty
UPN = "mfp7@contoso.com"


def seen(evidence: Evidence, **answers: Any) -> Evidence:
    """An administrator is signed in, the switch is on, and all but these answers is in order."""
    return knowing(reading(evidence), **answers)


def of_account(**account: Any) -> dict[str, Any]:
    return {"account": replace(ACCOUNT, **account)}


def policies(asked: Any, **fields: Any) -> dict[str, Any]:
    return {"policies": Policies(asked=asked, flow="device_code", policies=(policy(**fields),))}


def log(code: int) -> dict[str, Any]:
    record: SignInRecord = replace(SIGNED_IN, code=code, at=NOW - timedelta(minutes=2), reason="Microsoft's words.")
    return {"sign_ins": SignIns(since=NOW - timedelta(days=7), records=(record,))}


BARE_535 = refused(healthy())
CASES = {
    # one bare 535, and what separates its causes
    "a shared mailbox": (
        seen(BARE_535, mailbox=MailboxKind(purpose="shared")),
        "shared_mailbox_as_smtp_identity",
        PROVEN,
    ),
    "no licence": (seen(BARE_535, **of_account(plans=())), "mailbox_not_licensed", PROVEN),
    "an alias, and a token of the same account": (
        seen(
            with_token(BARE_535, users=(("upn", UPN),)),
            **of_account(found_by="alias", sign_in_name=UPN, aliases=(MAILBOX,)),
        ),
        "upn_differs_from_email",
        PROVEN,
    ),
    "the administrator signed in": (
        seen(with_token(BARE_535, users=(("upn", "admin@contoso.com"),))),
        "token_user_mismatch",
        PROVEN,
    ),
    "a blocked account": (seen(BARE_535, **of_account(enabled=False)), "account_disabled", PROVEN),
    "sign-ins revoked since the token": (
        seen(BARE_535, **of_account(sessions_valid_from=NOW - timedelta(minutes=1))),
        "refresh_token_revoked",
        LIKELY,
    ),
    "an app by itself, not set up": (seen(refused(alone(healthy()))), "app_only_not_set_up", LIKELY),
    "an incident at Microsoft": (
        seen(BARE_535, health=ServiceHealth(status="serviceDegradation", incidents=(INCIDENT,))),
        "microsoft_side_outage_auth",
        LIKELY,
    ),
    "an incident, and nobody may ask what the mailbox is for": (
        seen(
            BARE_535,
            mailbox=no_answer(Obstacle.NO_PERMISSION),
            health=ServiceHealth(status="serviceDegradation", incidents=(INCIDENT,)),
        ),
        "microsoft_side_outage_auth",
        LIKELY,
    ),
    "nothing wrong to be seen": (seen(BARE_535), "oauth_rejected_unspecified", POSSIBLE),
    # the switch
    "off for the mailbox": (reading(refused(healthy(), MAILBOX_OFF), Switch.OFF), "smtp_auth_disabled_mailbox", PROVEN),
    "off for the organisation": (
        reading(refused(healthy(), TENANT_OFF), Switch.UNSET, Switch.OFF),
        "smtp_auth_disabled_tenant",
        PROVEN,
    ),
    "switched on, not effective yet": (
        propagating(refused(healthy(), MAILBOX_OFF)),
        "smtp_auth_change_not_effective",
        PROVEN,
    ),
    # no token
    "device codes are blocked": (
        seen(expired(healthy()), **policies("what_if", applies=True)),
        "device_code_blocked",
        PROVEN,
    ),
    "a policy read that blocks device codes": (
        seen(expired(healthy(), Page.BLOCKED), **policies("read")),
        "device_code_blocked",
        LIKELY,
    ),
    "nobody consented": (
        seen(expired(healthy(), Page.NEEDS_APPROVAL), consent=Consent(exchange=EXCHANGE, grants=(), roles=())),
        "admin_consent_required",
        PROVEN,
    ),
    "the app was deleted": (
        seen(without_token(healthy(), refusal(700016)), app=no_answer(Obstacle.NOT_FOUND)),
        "app_not_found",
        PROVEN,
    ),
    "the app is switched off": (seen(expired(healthy()), app=replace(APP, enabled=False)), "app_disabled", PROVEN),
    "no public client": (
        seen(without_token(healthy(), refusal(7000218)), registration=replace(REGISTRATION, public_client=False)),
        "app_is_not_public_client",
        PROVEN,
    ),
    "the log knows why nobody finished": (seen(expired(healthy()), **log(50076)), "mfa_required", PROVEN),
    "no such account": (
        seen(without_token(healthy(), refusal(50034)), account=no_answer(Obstacle.NOT_FOUND)),
        "account_not_found",
        PROVEN,
    ),
    # what else has to be mended comes behind what comes first
    "a blocked port, and the switch off": (
        reading(with_network(healthy(), contacts=(contact(IPV4, ContactStatus.TIMEOUT),)), Switch.OFF),
        "port_blocked",
        LIKELY,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_best_cause_is_the_one_that_the_evidence_leaves(case: str) -> None:
    evidence, cause, certainty = CASES[case]
    diagnosis = replay(evidence, CHECKS, load())
    assert not diagnosis.broke
    assert diagnosis.best is not None
    assert (diagnosis.best.cause.id, diagnosis.best.certainty) == (cause, certainty)
    if case == "switched on, not effective yet":
        assert diagnosis.verdict is Verdict.WAITING
    else:
        assert diagnosis.verdict is (Verdict.INCONCLUSIVE if certainty is POSSIBLE else Verdict.BROKEN)


def test_a_switch_that_reads_off_behind_a_blocked_port_is_told_too() -> None:
    evidence, _, _ = CASES["a blocked port, and the switch off"]
    found = [finding.cause.id for finding in replay(evidence, CHECKS, load()).findings]
    assert found == ["port_blocked", "smtp_auth_disabled_mailbox"]


def test_a_healthy_run_stays_healthy_and_what_came_of_the_message_is_told() -> None:
    assert replay(administered(sending(healthy())), CHECKS, load()).verdict is Verdict.HEALTHY
    failed = seen(sending(healthy()), trace=Trace(since=NOW, messages=(replace(TRACED, status="failed"),)))
    diagnosis = replay(failed, CHECKS, load())
    assert diagnosis.verdict is Verdict.DEGRADED
    assert [finding.cause.id for finding in diagnosis.findings] == ["message_not_delivered"]
