"""What diag knows: causes, the words that replies use, and the numbers of the sign-in service, in English and French.

The data are the TOML files beside this one; `load` is the way in.
"""

from diag.catalogue.knowledge import (
    AadstsEntry,
    Bilingual,
    Catalogue,
    Cause,
    PanelCode,
    Reading,
    Steps,
    aadsts_link,
    readings,
)
from diag.catalogue.loader import load
from diag.catalogue.replies import MECHANISMS, Circumstances, Match, decide

__all__ = [
    "MECHANISMS",
    "AadstsEntry",
    "Bilingual",
    "Catalogue",
    "Cause",
    "Circumstances",
    "Match",
    "PanelCode",
    "Reading",
    "Steps",
    "aadsts_link",
    "decide",
    "load",
    "readings",
]
