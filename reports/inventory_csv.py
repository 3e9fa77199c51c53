"""Mailboxes as an inventory: the columns that `diag health run` reads."""

import csv
import io
from collections.abc import Iterable

from diag.health.scanner import Scanner
from reports.health_csv import harmless

COLUMNS = ("mailbox", "tenant", "site", "sender", "device", "owner")


def render(scanners: Iterable[Scanner]) -> str:
    """Return the inventory as CSV with a header; no cell is one that a spreadsheet would run as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(getattr(scanner, column)) for column in COLUMNS] for scanner in scanners)
    return text.getvalue()
