import pytest

from checks.token_permission import judge
from diag.evidence import Opaque
from tests.checks.outcomes import PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import GRAPH, healthy, with_sign_in, with_token


@pytest.mark.parametrize("scopes", [("SMTP.Send",), ("User.Read", "SMTP.Send", "offline_access")])
def test_smtp_send_among_the_permissions_is_enough(scopes: tuple[str, ...]) -> None:
    outcome = judge(with_token(healthy(), scopes=scopes))
    assert passed(outcome) == {"token_missing_scope"}
    assert shown(outcome) == f"permissions: {' '.join(scopes)}"


@pytest.mark.parametrize("scopes", [("IMAP.AccessAsUser.All", "POP.AccessAsUser.All"), ("SMTP.SendAsApp",), ()])
def test_a_person_without_smtp_send_is_proven(scopes: tuple[str, ...]) -> None:
    outcome = judge(with_token(healthy(), scopes=scopes))
    assert suspects(outcome) == {"token_missing_scope": PROVEN}
    assert f"allows {' '.join(scopes) or '-'}, but not SMTP.Send" in because(outcome)


@pytest.mark.parametrize("roles", [("SMTP.SendAsApp",), ()])
def test_an_application_may_have_its_permission_from_exchange_itself(roles: tuple[str, ...]) -> None:
    outcome = judge(with_token(healthy(), app_only=True, scopes=(), roles=roles, users=()))
    assert passed(outcome) == {"token_missing_scope"}
    assert shown(outcome) == f"permissions: {' '.join(roles) or '-'}"


def test_permissions_for_another_service_say_nothing() -> None:
    assert skipped(judge(with_token(healthy(), audience=GRAPH))) == "the token is meant for another service"


def test_permissions_of_an_unknown_server_are_not_judged() -> None:
    evidence = with_sign_in(with_token(healthy(), scopes=()), expected_audiences=())
    assert skipped(judge(evidence)) == "it is not known which permission this server asks for"


def test_an_opaque_token_keeps_its_permissions_to_itself() -> None:
    assert "opaque" in skipped(judge(with_token(healthy(), Opaque(length=9))))
