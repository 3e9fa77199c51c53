import pytest

from checks.token_audience import judge
from diag.evidence import Opaque, Token, Unreadable
from diag.sentence import say
from diag.subject import EXCHANGE_ONLINE_ID
from tests.checks.outcomes import PROVEN, because, passed, skipped, suspects
from tests.evidence_cases import GRAPH, NOBODY, healthy, with_sign_in, with_token


@pytest.mark.parametrize(
    "audience",
    [
        "https://outlook.office.com",
        "https://outlook.office.com/",
        "https://Outlook.Office.com",
        "https://outlook.office365.com",
        EXCHANGE_ONLINE_ID,
    ],
)
def test_every_name_of_exchange_online_is_its_audience(audience: str) -> None:
    assert passed(judge(with_token(healthy(), audience=audience))) == {"token_wrong_audience"}


@pytest.mark.parametrize("audience", [GRAPH, "00000003-0000-0000-c000-000000000000", "https://outlook.office.com.evil"])
def test_a_token_for_another_service_is_proven_with_both_names(audience: str) -> None:
    outcome = judge(with_token(healthy(), audience=audience))
    assert suspects(outcome) == {"token_wrong_audience": PROVEN}
    assert f"meant for {audience}; Exchange Online accepts only https://outlook.office.com" in because(outcome)


def test_a_token_without_audience_is_meant_for_nobody() -> None:
    outcome = judge(with_token(healthy(), audience=""))
    assert suspects(outcome) == {"token_wrong_audience": PROVEN}
    assert "meant for -;" in because(outcome)


def test_a_server_whose_audiences_are_not_known_is_not_judged() -> None:
    evidence = with_sign_in(with_token(healthy(), audience=GRAPH), expected_audiences=())
    assert skipped(judge(evidence)) == "it is not known which audience this server accepts"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (Opaque(length=9), "the token is opaque; only its issuer can read it"),
        (Unreadable(length=9, problem=say("x")), "the token is damaged"),
        (NOBODY, "nobody asked"),
    ],
)
def test_a_token_that_cannot_be_read_is_not_judged(token: Token, why: str) -> None:
    assert skipped(judge(with_token(healthy(), token))) == why
