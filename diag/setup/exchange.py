"""What an Exchange administrator does by hand, as lines of Exchange Online PowerShell to copy.

Everything in them that came from somebody else is quoted.
"""

from collections.abc import Iterable

from diag.powershell import quoted

ROLE = "diag SMTP AUTH"


def role_lines(member: str) -> tuple[str, ...]:
    """Return what makes a role that may read the setting and change it, and no more, and gives it to `member`."""
    role, entries, change = quoted(ROLE), quoted(rf"{ROLE}\*"), quoted(rf"{ROLE}\Set-CASMailbox")
    others = "Where-Object Name -notin Get-CASMailbox,Set-CASMailbox"
    roles = ",".join(quoted(one) for one in (ROLE, "View-Only Recipients", "View-Only Configuration"))
    return (
        "Connect-ExchangeOnline",
        r'Get-ManagementRoleEntry "*\Set-CASMailbox"',
        f"$parent = {quoted('Mail Recipients')}",
        f"New-ManagementRole -Name {role} -Parent $parent",
        f"Get-ManagementRoleEntry {entries} | {others} | Remove-ManagementRoleEntry -Confirm:$false",
        f"Set-ManagementRoleEntry {change} -Parameters Identity,SmtpClientAuthenticationDisabled",
        f"New-RoleGroup -Name {role} -Roles {roles} -Members {quoted(member)}",
    )


def app_only_lines(name: str, client_id: str, enterprise: str, mailboxes: Iterable[str]) -> tuple[str, ...]:
    """Return what lets the device's application into mailboxes by itself.

    `enterprise` is the object id of the enterprise application, never of the registration: Exchange Online takes the
    wrong one too, and refuses the sign-in later.
    """
    return (
        "Connect-ExchangeOnline",
        f"New-ServicePrincipal -AppId {quoted(client_id)} -ObjectId {quoted(enterprise)} -DisplayName {quoted(name)}",
        *(
            f"Add-MailboxPermission -Identity {quoted(mailbox)} -User {quoted(enterprise)} -AccessRights FullAccess"
            for mailbox in mailboxes
        ),
    )


def consent_link(sign_in_host: str, tenant: str, client_id: str) -> str:
    """Return the page on which an administrator consents, for the whole tenant, to all an application asks for."""
    return f"https://{sign_in_host}/{tenant}/adminconsent?client_id={client_id}"
