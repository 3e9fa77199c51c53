"""Tells a helpdesk why a scanner cannot e-mail its scans through Exchange Online."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.explanation import Explanation
    from diag.ports import Ports
    from diag.subject import Account, Subject

__version__ = "0.1.0"
__all__ = ["__version__", "diagnose", "explain"]


async def diagnose(subject: "Subject", ports: "Ports") -> "Diagnosis":
    """Examine `subject` through `ports` and return the diagnosis; what a port raises passes through.

    `diag.wiring.examination` makes both from the options of the command line.
    """
    from checks import CHECKS
    from diag.catalogue import load
    from diag.pipeline import run

    _, diagnosis = await run(subject, ports, CHECKS, load(), __version__)
    return diagnosis


def explain(
    text: str, *, vendor: str | None = None, mechanism: str | None = None, account: "Account | None" = None
) -> "Explanation":
    """Explain an SMTP reply, a message or JSON error body of Microsoft Entra, a panel's code, or a whole log.

    Offline and pure. `causes` of the result come best first, each with its `cause` and `certainty`; `findings` tell
    them apart by the lines they were found on. `vendor` is the device's; `mechanism` ("password", "oauth") and
    `account` ("personal", "organisation") say what the text does not show.
    """
    from diag.explanation import explain as explained

    return explained(text, vendor=vendor, mechanism=mechanism, account=account)
