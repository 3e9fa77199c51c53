"""Tells a helpdesk why a scanner cannot e-mail its scans through Exchange Online."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.ports import Ports
    from diag.subject import Subject

__version__ = "0.1.0"
__all__ = ["__version__", "diagnose"]


async def diagnose(subject: "Subject", ports: "Ports") -> "Diagnosis":
    """Examine `subject` through `ports` and return the diagnosis; what a port raises passes through.

    `diag.wiring.examination` makes both from the options of the command line.
    """
    from checks import CHECKS
    from diag.catalogue import load
    from diag.pipeline import run

    _, diagnosis = await run(subject, ports, CHECKS, load(), __version__)
    return diagnosis
