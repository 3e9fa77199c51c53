import csv
import io

import pytest
from hypothesis import given
from syrupy.assertion import SnapshotAssertion

from diag.health.report import HealthReport
from diag.health.result import Status
from diag.language import supported
from reports import render_health
from reports.health_csv import COLUMNS, harmless
from tests.health import any_entries
from tests.health.fleet import EXPIRING, HOSTILE, OFF, entry, fleet, found, muting, reported, result, scanner

MARK = "\ufeff"


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))


@pytest.mark.parametrize("language", supported())
def test_the_table_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    site = scanner(1, site="Lyon", device="MFP 4, second floor", owner='Claire "Ops"')
    entries = [
        entry(result(site, found(OFF), found(EXPIRING, Status.WILL_BREAK)), "HB"),
        entry(result(scanner(2)), "HBHB"),
        entry(result(scanner(3)), "HH"),
    ]
    table = render_health("csv", reported(entries, annotations=muting(cause=OFF)), language=language)
    assert table.replace("\r\n", "\n") == snapshot


def test_there_is_a_line_for_each_finding_and_none_for_what_is_well() -> None:
    report = fleet()
    table = rows(render_health("csv", report, language="en"))
    assert len(table) == len(report.items)
    assert {row["status"] for row in table if row["cause"]} == {"broken", "will_break", "degraded"}


def test_lines_end_as_the_standard_says_and_stay_whole() -> None:
    text = render_health("csv", fleet(hostile=True), language="en")
    assert text.count("\r\n") == len(fleet().items) + 1
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1", HOSTILE]
)
def test_what_a_spreadsheet_would_run_is_text(formula: str) -> None:
    assert harmless(formula).startswith("'")
    entries = [entry(result(scanner(1, device=formula, owner=formula, site=formula), found(OFF)))]
    row = rows(render_health("csv", reported(entries), language="en"))[0]
    assert row["device"] == row["owner"] == row["site"] == harmless(formula)


def test_ordinary_text_is_left_alone() -> None:
    assert harmless("MFP 4 - first floor; a=b") == "MFP 4 - first floor; a=b"
    assert harmless("") == ""


@any_entries.SLOW
@given(any_entries.reports())
def test_no_cell_is_a_formula_and_every_line_has_every_column(report: HealthReport) -> None:
    text = render_health("csv", report, language="fr")
    for row in csv.reader(io.StringIO(text.removeprefix(MARK), newline="")):
        assert len(row) == len(COLUMNS)
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
            assert all(character.isprintable() or character in "\u00a0\u202f" for character in cell)
