"""Changing the Authenticated SMTP setting of a mailbox so that an administrator can trust it.

A change is written down, compared once more, sent once, read back, and closed in the ledger. One mailbox has one open
change at most, so whoever comes second is refused. A run that breaks off leaves its change open; the next one reads
what came of it. Nothing here waits, and nothing is sent twice.
"""

from diag.change.by_hand import by_hand
from diag.change.limits import UNDER_WAY
from diag.change.making import change, reconcile, undo, undoable
from diag.change.plan import Nothing, Plan, plan
from diag.change.propagation import WINDOW, effective, expectation, on_its_way, recent, refused, switches_on
from diag.change.result import Changed, NotDone, Overtaken, Reconciled, Refused, Result, Unsettled
from diag.change.words import in_words, when

__all__ = [
    "UNDER_WAY",
    "WINDOW",
    "Changed",
    "NotDone",
    "Nothing",
    "Overtaken",
    "Plan",
    "Reconciled",
    "Refused",
    "Result",
    "Unsettled",
    "by_hand",
    "change",
    "effective",
    "expectation",
    "in_words",
    "on_its_way",
    "plan",
    "recent",
    "reconcile",
    "refused",
    "switches_on",
    "undo",
    "undoable",
    "when",
]
