import pytest

from checks.device_settings import judge
from tests.checks.outcomes import LIKELY, PROVEN, passed, shown, skipped, suspects
from tests.evidence_cases import asking, healthy


def test_port_587_of_exchange_online_is_what_a_device_must_use() -> None:
    assert passed(judge(healthy())) == {"wrong_port"}


@pytest.mark.parametrize("port", [25, 465, 2525])
def test_another_port_of_exchange_online_is_likely_wrong(port: int) -> None:
    outcome = judge(asking(healthy(), smtp_port=port))
    assert suspects(outcome) == {"wrong_port": LIKELY}
    assert str(port) in shown(outcome)


@pytest.mark.parametrize(
    "host",
    [
        "contoso-com.mail.protection.outlook.com",
        "CONTOSO-COM.MAIL.PROTECTION.OUTLOOK.COM",
        "contoso-cn.mail.protection.partner.outlook.cn",
        "contoso-us.mail.protection.office365.us",
        "mail.protection.outlook.com",
    ],
)
def test_the_inbound_host_of_the_organisation_is_proven_to_be_the_wrong_one(host: str) -> None:
    assert suspects(judge(asking(healthy(), smtp_host=host))) == {"mx_endpoint_used": PROVEN}


def test_the_host_is_the_graver_mistake_where_port_and_host_are_both_wrong() -> None:
    evidence = asking(healthy(), smtp_host="contoso-com.mail.protection.outlook.com", smtp_port=25)
    assert suspects(judge(evidence)) == {"mx_endpoint_used": PROVEN}


@pytest.mark.parametrize("host", ["mail.example.net", "notmail.protection.outlook.com.example.net"])
def test_a_host_of_somebody_else_is_not_judged(host: str) -> None:
    assert (
        skipped(judge(asking(healthy(), smtp_host=host, smtp_port=2525))) == f"{host} is not a host of Exchange Online"
    )


@pytest.mark.parametrize("host", ["SMTP.Office365.com", "smtp.office365.com."])
def test_case_and_a_final_dot_do_not_make_another_host(host: str) -> None:
    assert passed(judge(asking(healthy(), smtp_host=host))) == {"wrong_port"}
