"""What would be changed, said before it is."""

from dataclasses import dataclass, replace

from diag.change.words import in_words
from diag.powershell import quoted
from diag.sentence import Sentence, say
from diag.setting import Setting, Switch

_DISABLED = {Switch.ON: "$false", Switch.OFF: "$true", Switch.UNSET: "$null"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be changed: the setting as it was read, and the mailbox's value as it would be."""

    setting: Setting
    value: Switch

    @property
    def before(self) -> Switch:
        """The mailbox's own value now; `change` takes it as `expected`."""
        return self.setting.mailbox

    @property
    def effective_before(self) -> Switch | None:
        """What holds for the mailbox now."""
        return self.setting.effective

    @property
    def effective_after(self) -> Switch | None:
        """What would hold for the mailbox."""
        return replace(self.setting, mailbox=self.value).effective

    @property
    def shown(self) -> tuple[Sentence, Sentence]:
        """The change in words: the mailbox's own value, then what holds."""
        own = say(
            "{mailbox}: Authenticated SMTP goes from {before} to {after}.",
            mailbox=self.setting.identity,
            before=in_words(self.before),
            after=in_words(self.value),
        )
        before, after = in_words(self.effective_before), in_words(self.effective_after)
        if self.effective_before is not self.effective_after or self.effective_after is None:
            return own, say("What holds for the mailbox goes from {before} to {after}.", before=before, after=after)
        if self.value is Switch.UNSET:
            follows = say("What holds for the mailbox stays {value}, and follows the organisation again.", value=after)
            return own, follows
        return own, say("What holds for the mailbox stays {value}, whatever the organisation does later.", value=after)

    @property
    def cmdlet(self) -> str:
        """The same change as one line of Exchange Online PowerShell."""
        identity = quoted(self.setting.identity)
        return f"Set-CASMailbox -Identity {identity} -SmtpClientAuthenticationDisabled {_DISABLED[self.value]}"


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to change: the mailbox's own value is that already."""

    setting: Setting

    @property
    def because(self) -> Sentence:
        """Why there is nothing to do."""
        return say(
            "{mailbox}: Authenticated SMTP is {value} already, so there is nothing to change.",
            mailbox=self.setting.identity,
            value=in_words(self.setting.mailbox),
        )


def plan(setting: Setting, value: Switch) -> Plan | Nothing:
    """Say what would be changed. A value of the mailbox's own is a change even where the same holds without one."""
    return Nothing(setting) if setting.mailbox is value else Plan(setting, value)
