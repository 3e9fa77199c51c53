import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from diag.health.report import HealthReport
from diag.health.result import Status
from diag.health.run import Entry
from diag.language import supported
from reports.health_nagios import nagios_code, render, unknown
from tests.health import any_entries
from tests.health.fleet import EXPIRING, NIGHT, OFF, entry, fleet, found, muting, reported, result, run, scanner

WELL = entry(result(scanner(1)), "H")
BROKEN = entry(result(scanner(2), found(OFF)), "H")
SOON = entry(result(scanner(3), found(EXPIRING, Status.WILL_BREAK)), "H")
BAD = entry(result(scanner(4), found("tls_version_too_old", Status.DEGRADED)), "H")
UNKNOWN = entry(result(scanner(5), status=Status.INCONCLUSIVE), "H")
# Label=value;warn;crit;min, as the guidelines of the plugins have it.
FIGURE = re.compile(r"[a-z_]+=\d+;\d*;\d*;0")


@pytest.mark.parametrize(
    ("entries", "word", "code"),
    [
        ([WELL], "OK", 0),
        ([WELL, SOON], "WARNING", 1),
        ([WELL, BAD, UNKNOWN], "WARNING", 1),
        ([WELL, SOON, BROKEN, UNKNOWN], "CRITICAL", 2),
        ([WELL, UNKNOWN], "UNKNOWN", 3),
        ([], "UNKNOWN", 3),
    ],
)
def test_the_state_is_that_of_the_worst_mailbox(entries: list[Entry], word: str, code: int) -> None:
    report = reported(entries)
    assert render(report, language="en").startswith(f"DIAG {word} - ")
    assert nagios_code(report) == code


def test_the_line_is_that_of_a_plugin() -> None:
    assert render(reported([WELL, BROKEN]), language="en") == (
        "DIAG CRITICAL - 1 of 2 mailboxes cannot send: Authenticated SMTP is switched off for this mailbox."
        " | broken=1;;0;0 will_break=0;0;;0 degraded=0;0;;0 inconclusive=0;;;0 healthy=1;;;0 muted=0;;;0 total=2;;;0\n"
    )


def test_what_is_muted_alarms_nobody() -> None:
    report = reported([WELL, BROKEN], annotations=muting(cause=OFF))
    assert nagios_code(report) == 0
    line = render(report, language="en")
    assert "1 of these mailboxes is muted." in line
    assert "| broken=0;;0;0 " in line
    assert " muted=1;;;0 total=2;;;0" in line


def test_a_run_that_did_not_come_to_its_end_is_never_ok() -> None:
    cut_off = replace(run(), finished_at=None)
    assert nagios_code(reported([WELL], run=cut_off)) == 3
    assert nagios_code(reported([BROKEN], run=cut_off)) == 2


def test_a_run_of_long_ago_is_never_ok_since_the_next_one_was_not_made() -> None:
    assert nagios_code(reported([WELL], now=NIGHT + timedelta(hours=30))) == 0
    assert nagios_code(reported([WELL], now=NIGHT + timedelta(hours=40))) == 3
    assert nagios_code(reported([BROKEN], now=NIGHT + timedelta(hours=40))) == 2


def test_what_keeps_a_plugin_from_its_work_is_one_line_too() -> None:
    assert unknown("the ledger | is locked") == "DIAG UNKNOWN - the ledger / is locked\n"


@any_entries.SLOW
@given(any_entries.reports())
def test_it_is_always_one_line_with_one_bar(report: HealthReport) -> None:
    for language in supported():
        line = render(report, language=language)
        assert line.count("\n") == line.count("|") == 1
        assert all(FIGURE.fullmatch(figure) for figure in line.partition(" | ")[2].split())
    figures = dict(figure.split("=") for figure in re.findall(r"[a-z_]+=\d+", line))
    assert sum(int(figures[name]) for name in (*(one.value for one in Status), "muted")) == int(figures["total"])


def test_the_words_of_a_whole_fleet_fit_into_a_line() -> None:
    assert len(render(fleet(), language="fr")) < 1000
