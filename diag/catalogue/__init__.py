"""What diag knows: causes, the words that replies use, and the numbers of the sign-in service, in English and French.

The data are the TOML files beside this one; `load` is the way in.
"""

from diag.catalogue.knowledge import AadstsEntry, Bilingual, Catalogue, Cause, Reading, Steps, aadsts_link
from diag.catalogue.loader import load

__all__ = ["AadstsEntry", "Bilingual", "Catalogue", "Cause", "Reading", "Steps", "aadsts_link", "load"]
