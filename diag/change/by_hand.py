"""The same by hand: what to click and what to type, where diag cannot read or change the setting itself."""

from diag.powershell import quoted
from diag.sentence import Sentence, say
from diag.setting import Switch

_DISABLED = {Switch.ON: "$false", Switch.OFF: "$true", Switch.UNSET: "$null"}
_PLACE = "admin.microsoft.com"
_CLICKS = {
    Switch.ON: say(
        "Microsoft 365 admin center ({place}) > Users > Active users > the user > Mail > Manage email apps: tick"
        " Authenticated SMTP and save.",
        place=_PLACE,
    ),
    Switch.OFF: say(
        "Microsoft 365 admin center ({place}) > Users > Active users > the user > Mail > Manage email apps: clear"
        " Authenticated SMTP and save.",
        place=_PLACE,
    ),
    Switch.UNSET: say(
        "The Microsoft 365 admin center ({place}) can only say on or off; only PowerShell can let the organisation's"
        " value hold again.",
        place=_PLACE,
    ),
}
_LOOK = say(
    "Microsoft 365 admin center ({place}) > Users > Active users > the user > Mail > Manage email apps: see whether"
    " Authenticated SMTP is ticked.",
    place=_PLACE,
)


def by_hand(mailbox: str, value: Switch | None) -> tuple[Sentence, ...]:
    """Return the steps to give the mailbox this value, or (None) to read the one it has."""
    identity = quoted(mailbox)
    read = f"Get-CASMailbox -Identity {identity} | Format-List SmtpClientAuthenticationDisabled"
    if value is None:
        return (
            _LOOK,
            say("Or in Exchange Online PowerShell, where empty means that the organisation's value holds:"),
            say("{command}", command=read),
            say("{command}", command="Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled"),
        )
    line = f"Set-CASMailbox -Identity {identity} -SmtpClientAuthenticationDisabled {_DISABLED[value]}"
    return (
        _CLICKS[value],
        say("Or in Exchange Online PowerShell, then read it back:"),
        say("{command}", command=line),
        say("{command}", command=read),
    )
