"""What the sign-in itself shows of the Authenticated SMTP setting, where no administrator could read it."""

from dataclasses import dataclass
from datetime import datetime

from diag.diagnosis import Diagnosis
from diag.evidence import Dialogue, Evidence
from diag.outcome import Certainty
from diag.setting import Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """The values as far as the server's answer gives them away; None where it does not."""

    mailbox: Switch | None
    organisation: Switch | None
    effective: Switch
    observed_at: datetime


# The server names in its refusal whose value it is that says no.
_BY_CAUSE = {
    "smtp_auth_disabled_mailbox": (Switch.OFF, None),
    "smtp_auth_disabled_tenant": (Switch.UNSET, Switch.OFF),
}


def inferred(diagnosis: Diagnosis, evidence: Evidence) -> Inferred | None:
    """Return what the answer to the sign-in shows; None where it says nothing about the setting."""
    talk, best = evidence.dialogue, diagnosis.best
    if not isinstance(talk, Dialogue):
        return None
    if talk.authenticated:
        return Inferred(mailbox=None, organisation=None, effective=Switch.ON, observed_at=talk.started_at)
    if best is None or best.certainty is not Certainty.PROVEN or best.cause.id not in _BY_CAUSE:
        return None
    mailbox, organisation = _BY_CAUSE[best.cause.id]
    return Inferred(mailbox=mailbox, organisation=organisation, effective=Switch.OFF, observed_at=talk.started_at)
