"""Mail that is sent through Microsoft Graph in the lab: who may send as whom, and what is kept of it."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from diag.lab import Lab
from diag.lab.scenario_directory import Admin
from tests.lab.device import SCANNER
from tests.lab.graph import HEALTHY, Answered, ask

APP = replace(HEALTHY, admin=Admin(roles=("Mail.Send",), by_itself=True))
TO = {"emailAddress": {"address": "ops@contoso.com"}}
MAIL: dict[str, Any] = {
    "subject": "Rapport é",
    "body": {"contentType": "Text", "content": "fine"},
    "toRecipients": [TO],
}


def send(lab: Lab, user: str = SCANNER, **changes: Any) -> Answered:
    return ask(lab, f"/users/{user}/sendMail", body={"message": MAIL | changes})


def test_a_mail_is_taken_and_kept_among_the_messages() -> None:
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.csv", "contentType": "text/csv"}
    with Lab(APP) as lab:
        answered = send(lab, attachments=[file | {"contentBytes": "YSxi"}])
        assert (answered.status, answered.body) == (202, b"")
        (content,) = lab.messages
    written = message_from_bytes(content, policy=default)
    assert (written["From"], written["To"], written["Subject"]) == (SCANNER, "ops@contoso.com", "Rapport é")
    (attached,) = written.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("a.csv", b"a,b")


@pytest.mark.parametrize(
    ("admin", "user", "changes", "status", "code"),
    [
        (Admin(roles=("User.Read.All",), by_itself=True), SCANNER, {}, 403, "ErrorAccessDenied"),
        (Admin(scopes=("Mail.Send",)), SCANNER, {}, 403, "ErrorSendAsDenied"),
        (
            APP.admin,
            SCANNER,
            {"from": {"emailAddress": {"address": "boss@contoso.com"}}},
            403,
            "ErrorSendAsDenied",
        ),
        (APP.admin, "nobody@contoso.com", {}, 404, "ErrorInvalidUser"),
        (APP.admin, SCANNER, {"toRecipients": []}, 400, "ErrorInvalidRecipients"),
        (APP.admin, SCANNER, {"toRecipients": ["ops@contoso.com"]}, 400, "BadRequest"),
        (APP.admin, SCANNER, {"attachments": [{"name": "x"}]}, 400, "BadRequest"),
    ],
)
def test_a_mail_that_may_not_be_sent_is_refused_and_not_kept(
    admin: Admin, user: str, changes: dict[str, Any], status: int, code: str
) -> None:
    with Lab(replace(HEALTHY, admin=admin)) as lab:
        answered = send(lab, user, **changes)
        assert (answered.status, answered.code) == (status, code)
        assert lab.messages == []
    assert not lab.bugs


def test_a_body_without_a_message_is_refused() -> None:
    with Lab(APP) as lab:
        assert ask(lab, f"/users/{SCANNER}/sendMail", body={"x": 1}).code == "ErrorInvalidParameter"
