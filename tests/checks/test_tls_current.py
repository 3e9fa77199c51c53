import pytest

from checks import CHECKS
from checks.tls_current import judge
from diag.catalogue import load
from diag.diagnosis import Verdict
from diag.pipeline import replay
from tests.checks.outcomes import LIKELY, PROVEN, because, passed, shown, skipped, suspects
from tests.evidence_cases import asking, empty, healthy, sending, unspoken, with_tls

OLD_HOSTS = ["smtp-legacy.office365.com", "SMTP-Legacy.Office365.com.", "smtp-legacy.partner.outlook.cn"]


def test_new_tls_at_the_ordinary_host_passes() -> None:
    assert passed(judge(healthy())) == set()
    assert shown(judge(healthy())) == "TLSv1.3"
    for version in ("1.2", "1.3"):
        assert shown(judge(asking(healthy(), device_tls=version))) == f"the device: TLS {version}"
        assert shown(judge(asking(unspoken(healthy()), device_tls=version))) == f"the device: TLS {version}"


@pytest.mark.parametrize("host", OLD_HOSTS)
def test_the_host_for_old_tls_is_likely_used_for_old_tls(host: str) -> None:
    outcome = judge(asking(healthy(), smtp_host=host))
    assert suspects(outcome) == {"tls_too_old_soon": LIKELY}
    assert host in shown(outcome)
    assert suspects(judge(asking(healthy(), smtp_host=host, device_tls="1.1"))) == {"tls_too_old_soon": PROVEN}


def test_a_device_with_new_tls_can_leave_the_host_for_old_tls_today() -> None:
    outcome = judge(asking(healthy(), smtp_host=OLD_HOSTS[0], device_tls="1.2"))
    assert suspects(outcome) == {"tls_too_old_soon": LIKELY}
    assert "it can use the ordinary host today" in because(outcome)


def test_at_the_host_for_old_tls_everything_works_today() -> None:
    diagnosis = replay(asking(sending(healthy()), smtp_host=OLD_HOSTS[0]), CHECKS, load())
    assert diagnosis.verdict is Verdict.DEGRADED
    assert [finding.cause.id for finding in diagnosis.findings] == ["tls_too_old_soon"]


@pytest.mark.parametrize(("version", "host"), [("1.0", None), ("1.1", None), ("ssl3", None), ("ssl3", OLD_HOSTS[0])])
def test_a_device_with_older_tls_than_the_host_takes_likely_sends_nothing(version: str, host: str | None) -> None:
    evidence = asking(healthy(), device_tls=version, smtp_host=host or "smtp.office365.com")
    outcome = judge(evidence)
    assert suspects(outcome) == {"device_tls_too_old": LIKELY}
    assert "the inventory is out of date" in because(outcome)
    diagnosis = replay(evidence, CHECKS, load())
    assert (diagnosis.verdict, diagnosis.findings[0].cause.id) == (Verdict.BROKEN, "device_tls_too_old")


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_a_server_that_agrees_on_nothing_newer_is_told(version: str) -> None:
    outcome = judge(with_tls(healthy(), version=version))
    assert suspects(outcome) == {"tls_too_old_soon": LIKELY}
    assert version in because(outcome)


def test_at_another_server_or_without_one_nothing_is_said() -> None:
    assert "is not a host of Exchange Online" in skipped(judge(asking(healthy(), smtp_host="mail.example.net")))
    assert "is not a host" in skipped(judge(asking(healthy(), smtp_host="mail.example.net", device_tls="1.0")))
    assert skipped(judge(unspoken(healthy()))) == "no address of smtp.office365.com could be reached"
    assert skipped(judge(empty())) == "nobody asked"
