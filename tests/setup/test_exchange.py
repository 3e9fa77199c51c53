"""The lines of PowerShell that are left to an administrator: exact, and safe to paste."""

import pytest

from diag.powershell import quoted
from diag.setup.exchange import app_only_lines, consent_link, role_lines


def test_the_role_may_change_two_parameters_and_no_more() -> None:
    lines = role_lines("admin@contoso.com")
    assert lines[1] == 'Get-ManagementRoleEntry "*\\Set-CASMailbox"'
    assert lines[-2] == (
        "Set-ManagementRoleEntry 'diag SMTP AUTH\\Set-CASMailbox' -Parameters Identity,SmtpClientAuthenticationDisabled"
    )
    assert lines[-1].endswith("-Members admin@contoso.com")


def test_the_enterprise_application_is_what_exchange_online_is_told() -> None:
    _, principal, *mailboxes = app_only_lines("diag SMTP", "client", "enterprise", ("scanner@contoso.com", "o'b@x.y"))
    assert principal == "New-ServicePrincipal -AppId client -ObjectId enterprise -DisplayName 'diag SMTP'"
    assert mailboxes == [
        "Add-MailboxPermission -Identity scanner@contoso.com -User enterprise -AccessRights FullAccess",
        "Add-MailboxPermission -Identity 'o''b@x.y' -User enterprise -AccessRights FullAccess",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("scanner@contoso.com", "scanner@contoso.com"),
        ("-Confirm", "'-Confirm'"),
        ("a b", "'a b'"),
        ("$(rm)", "'$(rm)'"),
        ("a`b;c", "'a`b;c'"),
        ("it\u2019s 'it'", "'it\u2019\u2019s ''it'''"),
        ("", "''"),
        ("two\nlines", "'two\\nlines'"),
    ],
)
def test_a_value_stays_one_value(value: str, written: str) -> None:
    assert quoted(value) == written


def test_consent_is_given_at_the_clouds_own_sign_in() -> None:
    link = consent_link("login.microsoftonline.us", "contoso.us", "c1")
    assert link == "https://login.microsoftonline.us/contoso.us/adminconsent?client_id=c1"
