"""A setting that is on, and the change that made it so three minutes ago."""

from datetime import timedelta

from diag.setting import Backend, Change, Intent, Progress, Propagation, Setting, Step, Switch
from tests.evidence_cases import MAILBOX, NOW, TENANT

INTENT = Intent(
    tenant=TENANT,
    mailbox=MAILBOX,
    before=Switch.OFF,
    after=Switch.ON,
    organisation=Switch.OFF,
    backend="exchange",
    operator="alice",
)
WRITTEN = Change(
    id=7,
    intent=INTENT,
    steps=(
        Step(progress=Progress.INTENDED, at=NOW - timedelta(minutes=3)),
        Step(progress=Progress.WRITTEN, at=NOW - timedelta(minutes=3)),
    ),
)
LIVE = Setting(
    identity=MAILBOX,
    mailbox=Switch.ON,
    organisation=Switch.OFF,
    backend=Backend(name="exchange", writes=True, vendor_supported=False),
    observed_at=NOW,
)
ON_ITS_WAY = Propagation(change=WRITTEN, expectation=None, window_s=7200)
