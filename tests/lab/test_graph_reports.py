"""The e-mail app usage report of the lab: where it is, and what stands in it."""

import csv
import io
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from diag.lab import Lab
from diag.lab.scenario import Mailbox
from diag.lab.scenario_directory import Admin, Directory, SignInRecord
from tests.lab.device import SCANNER, Device
from tests.lab.graph import HEALTHY, HOST, Answered, ask, connected

REPORT = "/reports/getEmailAppUsageUserDetail(period='{period}')"
SENDING = replace(
    HEALTHY,
    mailboxes=(
        Mailbox(address=SCANNER),
        Mailbox(address="copier@contoso.com"),
        Mailbox(address="tried@contoso.com"),
        Mailbox(address="room@contoso.com", kind="room"),
        Mailbox(address="own-server@contoso.com", cloud_mailbox=False),
    ),
    sign_ins=(
        SignInRecord(minutes_ago=5, account="Copier@contoso.com", client="Authenticated SMTP"),
        SignInRecord(minutes_ago=5, account="tried@contoso.com", client="SMTP", code=50126),
        SignInRecord(minutes_ago=8 * 24 * 60, account="room@contoso.com", client="SMTP"),
    ),
)


def fetch(lab: Lab, place: str, **headers: str) -> Answered:
    connection = connected(lab)
    connection.request("GET", place, headers=headers)
    answer = connection.getresponse()
    found = Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return found


def where(lab: Lab, period: str = "D7") -> str:
    answer = ask(lab, REPORT.format(period=period))
    assert answer.status == 302
    place = urlsplit(answer.headers["location"])
    assert (place.scheme, place.netloc) == ("https", HOST)
    return place.path


def senders(lab: Lab, period: str = "D7") -> dict[str, str]:
    """Return what the report has in the column for SMTP, by name."""
    body = fetch(lab, where(lab, period)).body
    assert body.startswith(b"\xef\xbb\xbf")
    lines = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    return {line["User Principal Name"]: line["SMTP App"] for line in lines}


def test_the_report_lists_every_mailbox_and_marks_those_that_sent_by_smtp() -> None:
    with Lab(SENDING) as lab:
        names = {SCANNER: "", "copier@contoso.com": "Yes", "tried@contoso.com": "", "room@contoso.com": ""}
        assert senders(lab) == names
        assert senders(lab, "D30") == names | {"room@contoso.com": "Yes"}
        with Device(lab) as device:
            assert device.sign_in(lab.token()).startswith("235 ")
            for line in (f"MAIL FROM:<{SCANNER}>", "RCPT TO:<anna@contoso.com>", "DATA"):
                assert device.say(line)[0] in "23"
            assert device.say(f"From: {SCANNER}\r\n\r\npage\r\n.").startswith("250 ")
        assert senders(lab) == names | {SCANNER: "Yes"}


def test_the_place_is_good_once_and_for_nobody_with_a_token() -> None:
    with Lab(SENDING) as lab:
        place = where(lab)
        assert fetch(lab, place).status == 200
        assert fetch(lab, place).status == fetch(lab, "/data/download/guessed").status == 403
        assert fetch(lab, where(lab), Authorization=f"Bearer {lab.graph_token()}").status == 403
        assert not any(place in request.path for request in lab.requests)


def test_names_can_be_concealed() -> None:
    with Lab(replace(SENDING, directory=Directory(concealed_names=True))) as lab:
        found = senders(lab)
    assert all(len(name) == 32 and name.isalnum() for name in found)
    assert sorted(found.values()) == ["", "", "", "Yes"]


@pytest.mark.parametrize(("period", "status"), [("D7", 302), ("D180", 302), ("D1", 400), ("7", 400)])
def test_the_periods_are_those_that_there_are(period: str, status: int) -> None:
    with Lab(SENDING) as lab:
        assert ask(lab, REPORT.format(period=period)).status == status


def test_it_takes_a_permission_of_its_own() -> None:
    with Lab(replace(SENDING, admin=Admin(scopes=("AuditLog.Read.All", "Directory.Read.All")))) as lab:
        assert ask(lab, REPORT.format(period="D7")).status == 403
