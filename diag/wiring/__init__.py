"""Choose what stands behind the ports, from the options of a command."""

from diag.adapters.administrator import Resource
from diag.wiring.administration import Administration, administration, has_administrator, who_and_where
from diag.wiring.clock import SystemClock
from diag.wiring.examination import Examination, examination
from diag.wiring.ledger import ledger_if_there, ledger_of, ledger_or_why_not
from diag.wiring.options import Options
from diag.wiring.setting_up import allowed_to_ask, applications
from diag.wiring.signing_in import SignedIn, forget_sign_in, keep_sign_in, sign_in, signing_in
from diag.wiring.world import lab_folder, remembered

__all__ = [
    "Administration",
    "Examination",
    "Options",
    "Resource",
    "SignedIn",
    "SystemClock",
    "administration",
    "allowed_to_ask",
    "applications",
    "examination",
    "forget_sign_in",
    "has_administrator",
    "keep_sign_in",
    "lab_folder",
    "ledger_if_there",
    "ledger_of",
    "ledger_or_why_not",
    "remembered",
    "sign_in",
    "signing_in",
    "who_and_where",
]
