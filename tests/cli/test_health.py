"""`diag health run` over a few mailboxes of a lab, as a person or a monitoring system sees it."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import reports
from diag.lab import Lab
from tests.cli.fleets import LAB, Desk, counts, json_of, opened
from tests.lab.crowd import crowd

MIXED: Mapping[str, float] = {"healthy": 0.5, "off": 0.2, "refused": 0.1, "unlicensed": 0.2}
TEN = {"broken": 5, "healthy": 5}
SCHEMA = Path(reports.__file__).with_name("health.schema.json")


@pytest.fixture
def lab(desk: Desk) -> Iterator[Lab]:
    with opened(desk, crowd(10, MIXED)) as open_lab:
        yield open_lab


@pytest.fixture
def slow_to_change(desk: Desk) -> Iterator[Lab]:
    with opened(desk, crowd(6, {"healthy": 0.5, "off": 0.5}, "[setting]\ndelay_s = 300\n")) as open_lab:
        yield open_lab


def runs_of(desk: Desk) -> list[dict[str, Any]]:
    """The runs that there are, the newest first."""
    return [one["run"] for one in json_of(desk.health("runs", "--format", "json"))["runs"]]


def in_the_store(desk: Desk, table: str) -> int:
    (file,) = desk.folder.parent.rglob("diag.db")
    with closing(sqlite3.connect(file)) as store:
        return int(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own words


@pytest.mark.usefixtures("lab")
def test_the_mailboxes_of_a_lab_are_run_over_where_nothing_else_is_named(desk: Desk) -> None:
    ran = desk.health("run")
    assert ran.code == 1
    assert ran.out.startswith("5 of 10 mailboxes cannot send")
    assert ran.err == ""
    report = json_of(desk.health("report", "--format", "json"))
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    assert counts(report) == TEN
    assert {group["cause"]: len(group["mailboxes"]) for group in report["groups"]} == {
        "smtp_auth_disabled_mailbox": 2,
        "mailbox_not_licensed": 2,
        "connection_refused": 1,
    }


@pytest.mark.usefixtures("lab")
def test_bad_lines_and_repetitions_are_told_and_the_rest_is_run(desk: Desk) -> None:
    sheet = desk.file(
        "scanners.csv",
        "\ufeffmailbox;site;device;colour\r\n"
        "healthy-00001@contoso.com;Lyon;=HYPERLINK(0);grey\r\n"
        "no address;Lyon;;\r\n"
        "off-00001@contoso.com;Lyon;@SUM(1);\r\n"
        "OFF-00001@CONTOSO.COM;Paris;;\r\n"
        "healthy-00002@contoso.com;;;;;;one;too;many\r\n",
    )
    ran = desk.health("run", sheet)
    assert ran.code == 1
    assert "Line 3 of the inventory was left out: 'no address' is not a mail address" in " ".join(ran.out.split())
    assert "Line 6 of the inventory was left out" in ran.out
    assert "1 line of the inventory repeats a mailbox" in ran.out
    assert ran.err == "Of scanners.csv these columns are not used: 'colour'.\n"
    shown = desk.health("report", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(shown.out.removeprefix("\ufeff")))
    assert (row["mailbox"], row["site"], row["device"], row["cause"]) == (
        "off-00001@contoso.com",
        "Lyon",
        "'@SUM(1)",
        "smtp_auth_disabled_mailbox",
    )


@pytest.mark.usefixtures("lab")
def test_a_whole_sheet_of_bad_lines_is_no_healthy_fleet(desk: Desk) -> None:
    ran = desk.health("run", desk.sheet("nobody", "nowhere"))
    assert ran.code == 3, ran.out
    assert desk.health("report", "--nagios").code == 3


@pytest.mark.usefixtures("lab")
def test_several_sheets_are_one_run_by_an_inventory_that_includes_them(desk: Desk) -> None:
    desk.sheet("off-00001@contoso.com", name="a.csv")
    desk.sheet("OFF-00001@contoso.com", "off-00002@contoso.com", name="b.csv")
    report = desk.report(desk.file("all.toml", 'include = ["a.csv", "b.csv"]\n'))
    assert counts(report) == {"broken": 2}
    assert (report["run"]["series"], report["run"]["inventory"]) == ("all", "all.toml")


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("again", [("--format", "text"), ("--format", "markdown"), ("--nagios",), ("--format", "csv")])
def test_a_french_session_gets_a_french_report(desk: Desk, again: tuple[str, ...]) -> None:
    sheet = desk.file(
        "parc.csv", "boîte aux lettres;lieu\noff-00001@contoso.com;Lyon\nrefused-00001@contoso.com;\nx;\n"
    )
    in_english = desk.health("run", sheet)
    in_french = desk.health("run", sheet, *again, LANG="fr_FR.UTF-8")
    assert in_french.code in {1, 2}
    assert in_french.out != in_english.out
    assert "boîtes aux lettres" in in_french.out or "SMTP authentifié" in in_french.out
    for english in ("mailbox", "cannot", "Broken", "Healthy", "What ", "Line ", "proven", "Run ", "since", "Do first"):
        if again[-1] != "csv" or english not in {"mailbox", "since", "proven"}:  # what programs read
            assert english not in in_french.out.replace("disabled_mailbox", "").replace("for the Mailbox", "")


@pytest.mark.usefixtures("lab")
def test_markdown_fits_a_chat(desk: Desk) -> None:
    ran = desk.health("run", "--format", "markdown")
    assert ran.code == 1
    assert len(ran.out.splitlines()) <= 15


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    ("mailboxes", "code", "begins"),
    [
        (["healthy-00001@contoso.com"], 0, "DIAG OK - "),
        (["healthy-00001@contoso.com", "off-00001@contoso.com"], 2, "DIAG CRITICAL - "),
        (["nobody"], 3, "DIAG UNKNOWN - "),
    ],
)
def test_a_monitoring_system_gets_its_line_and_its_code(
    desk: Desk, mailboxes: list[str], code: int, begins: str
) -> None:
    ran = desk.health("run", desk.sheet(*mailboxes), "--nagios")
    assert (ran.code, ran.err) == (code, "")
    (line,) = ran.out.splitlines()
    assert line.startswith(begins)
    assert line.count("|") == 1
    assert desk.health("report", "--nagios") == ran


def test_what_will_break_is_a_warning_to_a_monitoring_system(desk: Desk) -> None:
    basic = '[[fleet]]\ncount = 2\nnamed = "old-{number}@contoso.com"\nbasic = true\n'
    with opened(desk, crowd(2, {"healthy": 1.0}, basic)):
        warned = desk.health("run", "--nagios")
        assert warned.code == 1
        assert warned.out.startswith("DIAG WARNING - ")
        assert "will_break=2" in warned.out
        assert desk.health("report").code == 1


@pytest.mark.usefixtures("slow_to_change")
def test_what_is_changed_already_and_not_effective_yet_has_a_code_of_its_own(desk: Desk) -> None:
    off = [f"off-0000{number}@contoso.com" for number in (1, 2)]
    for mailbox in off:
        assert desk.diag("smtp-auth", "enable", mailbox, *LAB, "--yes").code == 5
    report = desk.health("run", desk.sheet(*off, "healthy-00001@contoso.com"), "--format", "json")
    assert report.code == 5, report.out
    (group,) = json_of(report)["groups"]
    assert group["cause"] == "smtp_auth_change_not_effective"
    assert desk.health("run").code == 1  # of three that are off one was not changed


@pytest.mark.usefixtures("lab")
def test_the_second_run_says_exactly_what_changed(desk: Desk) -> None:
    first = desk.report(desk.sheet("healthy-00001@contoso.com", "off-00001@contoso.com", "off-00002@contoso.com"))
    assert first["before"] is None
    assert desk.diag("smtp-auth", "enable", "off-00002@contoso.com", *LAB, "--yes").code == 5
    desk.sheet("healthy-00001@contoso.com", "off-00002@contoso.com", "unlicensed-00001@contoso.com")
    changed = desk.report("scanners.csv")
    while counts(changed) != {"healthy": 2, "broken": 1}:  # until the lab has made the change effective
        changed = desk.report("scanners.csv")
    newest, *_ = json_of(desk.health("history", "off-00002@contoso.com", "--format", "json"))["entries"]
    assert (newest["run"], newest["change"]) == (changed["run"]["id"], "fixed")
    assert json_of(desk.health("report", "--run", "2", "--format", "json"))["changes"]["gone"] == [
        "off-00001@contoso.com"
    ]


@pytest.mark.usefixtures("lab")
def test_runs_of_other_series_are_not_compared(desk: Desk) -> None:
    sheet = desk.sheet("off-00001@contoso.com")
    first = desk.report(sheet)
    other = desk.report(sheet, "--series", "weekly")
    again = desk.report(sheet)
    assert (first["before"], other["before"]) == (None, None)
    assert again["before"]["id"] == first["run"]["id"]
    assert [run["series"] for run in runs_of(desk)] == ["scanners", "weekly", "scanners"]
    assert len(json_of(desk.health("runs", "--series", "weekly", "--format", "json"))["runs"]) == 1


@pytest.mark.usefixtures("lab")
def test_evidence_is_kept_unless_nobody_wants_it(desk: Desk) -> None:
    sheet = desk.sheet("off-00001@contoso.com", "healthy-00001@contoso.com")
    assert desk.health("run", sheet, "--no-evidence").code == 1
    assert (in_the_store(desk, "health_entry"), in_the_store(desk, "health_evidence")) == (2, 0)
    refused = desk.health("rejudge")
    assert (refused.code, refused.out, refused.err) == (2, "", "diag: Run 1 has no evidence any more.\n")
    assert desk.health("run", sheet).code == 1
    assert in_the_store(desk, "health_evidence") == 2
    again = desk.health("rejudge")
    assert (again.code, again.out) == (0, "0 of 2 mailboxes are judged otherwise today.\n")


def mute(mailbox: str, until: str) -> str:
    return f'[[mute]]\nmailbox = "{mailbox}"\nreason = "Known, CHG-7"\nuntil = {until}\n'


@pytest.mark.usefixtures("lab")
def test_what_is_known_does_not_count_until_its_last_day(desk: Desk) -> None:
    sheet = desk.sheet("off-00001@contoso.com", "healthy-00001@contoso.com")
    known, over = desk.file("known.toml", mute("off-*", "2999-01-01")), desk.file("over.toml", mute("*", "2001-01-01"))
    assert desk.health("run", sheet).code == 1
    muted = desk.health("run", sheet, "--annotations", known)
    assert muted.code == 0
    assert "Known, CHG-7" in muted.out
    counted = desk.health("run", sheet, "--annotations", over)
    assert counted.code == 1
    assert "1 finding counts again" in " ".join(counted.out.split())
    assert desk.health("report", "--annotations", known, "--nagios").code == 0
    assert desk.health("report", "--nagios").code == 2


def test_an_annotations_file_of_no_use_is_refused_before_anything_is_examined(desk: Desk, lab: Lab) -> None:
    for text, words in (('[[mute]]\nmailbo = "x"\n', "there is no key 'mailbo'"), ("[[", "is not valid TOML")):
        ran = desk.health("run", "--annotations", desk.file("known.toml", text))
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err
    assert desk.health("run", "--annotations", "nowhere.toml").err.endswith("there is no such file or folder.\n")
    assert (lab.requests, lab.sessions) == ([], [])


def test_a_tenant_that_fails_alike_is_left_early(desk: Desk, lab: Lab) -> None:
    rows = "".join(f"healthy-{number:05}@contoso.com,smtp-nantes.contoso.com\n" for number in range(1, 6))
    sheet = desk.file("scanners.csv", "mailbox,smtp_host\n" + rows)
    left = desk.report(sheet, "--stop-after", "2", "--per-tenant", "1")
    assert counts(left) == {"broken": 2, "inconclusive": 3}
    (stopped,) = left["not_asked"]["stopped"]
    assert (stopped["alike"], stopped["left"]) == (2, 3)
    assert counts(desk.report(sheet, "--stop-after", "0", "--per-tenant", "1")) == {"broken": 5}
    assert lab.sessions == []


UNUSABLE = [
    ((), {}, "Give an inventory, a CSV or TOML file that names the mailboxes, or --discover to find them"),
    (("absent.csv",), {}, "absent.csv cannot be read: there is no such file or folder."),
    ((".",), {}, ". cannot be read: "),
    (("book.csv",), {"book.csv": "PK\x03\x04"}, "book.csv is an Excel workbook: save it as 'CSV UTF-8' in Excel"),
    (("empty.csv",), {"empty.csv": ""}, "empty.csv is empty."),
    (("none.csv",), {"none.csv": "site,device\nLyon,x\n"}, "none.csv has no column 'mailbox'."),
    (("open.csv",), {"open.csv": "mailbox,password\na@contoso.com,hunter22\n"}, "open.csv holds secrets ('password')"),
    (("bad.toml",), {"bad.toml": "[[mailbox]\n"}, "bad.toml is not valid TOML (line 1)."),
    (("bad.toml",), {"bad.toml": '[[tenant]]\nname = "contoso.com"\ncredential = "hunter22"\n'}, "[[tenant]] number 1"),
    (("more.toml",), {"more.toml": 'include = ["absent.csv"]\n'}, "absent.csv cannot be read"),
    (("a.csv", "b.csv"), {"a.csv": "mailbox\n", "b.csv": "mailbox\n"}, "Give one inventory; one in TOML can include"),
    (("a.csv", "--discover"), {"a.csv": "mailbox\n"}, "Give either an inventory or --discover, not both."),
    (("a.csv", "--per-tenant", "0"), {"a.csv": "mailbox\n"}, "--per-tenant takes a number from 1 to 1000, not '0'."),
    (("a.csv", "--per-site", "many"), {"a.csv": "mailbox\n"}, "--per-site takes a number from 1 to 1000, not 'many'."),
    (("a.csv", "--at-once", "-1"), {"a.csv": "mailbox\n"}, "--at-once takes a number from 1 to 1000, not '-1'."),
    (("a.csv", "--stop-after", "1.5"), {"a.csv": "mailbox\n"}, "--stop-after takes a number from 0 to 1000000"),
    (("a.csv", "--settings-from", "x"), {"a.csv": "mailbox\n"}, "--settings-from takes one of graph, exchange, none"),
    (("a.csv", "--format", "html"), {"a.csv": "mailbox\n"}, "--format takes one of "),
    (("a.csv", "--series", "a\nb"), {"a.csv": "mailbox\n"}, "is no name for a series of runs."),
    (("a.csv", "--deliver", "absent.toml"), {"a.csv": "mailbox\n"}, "absent.toml cannot be read"),
    (("a.csv", "--ledger", "."), {"a.csv": "mailbox\na@contoso.com\n"}, "."),
    (("a.csv", "--ledger", "text.db"), {"a.csv": "mailbox\na@b.c\n", "text.db": "not a database " * 99}, "text.db"),
    (("a.csv", "--ledger", "postgresql://127.0.0.1:1/x"), {"a.csv": "mailbox\na@contoso.com\n"}, "127.0.0.1"),
]


@pytest.mark.parametrize(("words", "files", "said"), UNUSABLE, ids=lambda one: str(one)[:40])
def test_what_cannot_be_used_is_told_in_one_sentence(
    desk: Desk, words: tuple[str, ...], files: Mapping[str, str], said: str
) -> None:
    for name, text in files.items():
        desk.file(name, text)
    ran = desk.diag("health", "run", *words)
    assert (ran.code, ran.out) == (2, ""), ran
    (line,) = ran.err.splitlines()
    assert line.startswith("diag: ")
    assert said in line
    assert "hunter22" not in line
    assert not list(desk.folder.parent.rglob("diag.db"))


@pytest.mark.usefixtures("lab")
def test_an_inventory_that_cannot_be_read_leaves_no_run_behind(desk: Desk) -> None:
    assert desk.health("run", desk.file("none.csv", "site,device\nLyon,x\n")).code == 2
    assert desk.health("runs").code == 2  # there is none
    assert desk.health("run", desk.sheet("healthy-00001@contoso.com", name="none.csv")).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("runs",),
        ("rejudge",),
        ("prune",),
        ("history", "a@contoso.com"),
        ("deliver", "--deliver", "to.toml"),
    ],
)
def test_without_a_run_there_is_nothing_to_read(desk: Desk, words: tuple[str, ...]) -> None:
    desk.file("to.toml", '[[deliver]]\nto = "webhook"\nurl = "env:URL"\n')
    ran = desk.diag("health", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "diag: There is no run yet; 'diag health run' makes one.\n"


@pytest.mark.usefixtures("lab")
def test_resuming_where_nothing_was_cut_off_is_a_new_run(desk: Desk) -> None:
    sheet = desk.sheet("healthy-00001@contoso.com")
    for number in (1, 2):
        ran = desk.health("run", sheet, "--resume", "--format", "json")
        assert ran.err == "No run of 'scanners' was cut off: this is a new one.\n"
        assert json_of(ran)["run"]["id"] == number


def cut_off(desk: Desk, run: int, seen: str) -> None:
    """Have the store say that a run is not finished, and when it was seen last."""
    (file,) = desk.folder.parent.rglob("diag.db")
    with closing(sqlite3.connect(file)) as store, store:
        store.execute(f"UPDATE health_run SET finished_at = NULL, seen_at = {seen} WHERE id = ?", (run,))  # noqa: S608 - our own words


@pytest.mark.usefixtures("lab")
def test_a_second_run_beside_one_that_is_under_way_is_refused(desk: Desk) -> None:
    sheet = desk.sheet("healthy-00001@contoso.com", "off-00001@contoso.com")
    desk.report(sheet)
    cut_off(desk, 1, "strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 hour')")
    beside = desk.health("run", sheet)
    assert (beside.code, beside.out) == (2, "")
    assert beside.err.startswith("diag: Run 1 of 'scanners' is under way (last seen ")
    assert desk.health("run", sheet, "--series", "other").code == 1  # another series is no rival


def test_a_run_that_was_cut_off_is_taken_up_and_repeats_nothing(desk: Desk, lab: Lab) -> None:
    desk.report(desk.sheet("healthy-00001@contoso.com", "off-00001@contoso.com"))
    cut_off(desk, 1, "'2001-01-01 00:00:00.000000'")
    desk.sheet("healthy-00001@contoso.com", "off-00001@contoso.com", "healthy-00002@contoso.com")
    ran = desk.health("run", "scanners.csv", "--resume", "--format", "json")
    assert ran.err == "Run 1 of 'scanners' was cut off: it goes on.\n"
    report = json_of(ran)
    assert (report["run"]["id"], counts(report)) == (1, {"healthy": 2, "broken": 1})
    assert [session.verbs.count("AUTH") for session in lab.sessions].count(1) == 3  # one each, in both parts together


@pytest.mark.usefixtures("lab")
def test_old_runs_are_pruned_and_the_last_stays(desk: Desk) -> None:
    sheet = desk.sheet("off-00001@contoso.com")
    for _ in range(3):
        desk.report(sheet)
    (file,) = desk.folder.parent.rglob("diag.db")
    with closing(sqlite3.connect(file)) as store, store:
        store.execute("UPDATE health_run SET started_at = '2001-01-01 00:00:00.000000'")
    would = desk.health("prune", "--dry-run")
    assert (would.code, would.out) == (0, "To be removed: 2 runs, and the evidence of 3 examinations.\n")
    assert len(runs_of(desk)) == 3
    assert desk.health("prune").out == "Removed: 2 runs, and the evidence of 3 examinations.\n"
    assert [run["id"] for run in runs_of(desk)] == [3]
    assert desk.health("prune", "--keep-runs", "0").err.startswith("diag: --keep-runs takes a number from 1 to ")


@pytest.mark.usefixtures("lab")
def test_runs_and_reports_are_read_by_their_number(desk: Desk) -> None:
    desk.report(desk.sheet("off-00001@contoso.com"))
    desk.report(desk.sheet("healthy-00001@contoso.com"))
    assert desk.health("report", "--run", "1").code == 1
    assert desk.health("report").code == 0
    unknown = desk.health("report", "--run", "7")
    assert (unknown.code, unknown.err) == (2, "diag: There is no run 7; 'diag health runs' lists them.\n")
    assert desk.health("report", "--run", "seven").err.startswith("diag: --run takes a number from 1 to ")
    listed = desk.health("runs")
    assert listed.code == 0
    assert listed.out.startswith("Run ")
    history = desk.health("history", "OFF-00001@contoso.com")
    assert history.code == 0
    assert "Broken: Authenticated SMTP is switched off for this mailbox" in history.out
    assert "off-00001" not in desk.health("history", "healthy-00001@contoso.com").out
    assert desk.health("history", "nobody").code == 2


@pytest.mark.usefixtures("lab")
def test_a_report_goes_to_a_file_where_one_is_named(desk: Desk) -> None:
    ran = desk.health("run", "--output", "report.json", "--format", "json")
    assert (ran.code, ran.out) == (1, "")
    assert counts(json.loads((desk.folder / "report.json").read_text("utf-8"))) == TEN


@pytest.mark.usefixtures("lab")
def test_what_is_discovered_is_an_inventory_that_can_be_run(desk: Desk) -> None:
    found = desk.health("discover", "--output", "found.csv")
    assert (found.code, found.out) == (0, "")
    sheet = (desk.folder / "found.csv").read_text("utf-8")
    assert sheet.splitlines()[0] == "mailbox,tenant,site,sender,device,owner"
    assert "healthy-00001@contoso.com" in sheet
    assert "off-00001@contoso.com" not in sheet
    listed = desk.report("found.csv")
    discovered = desk.report("--discover")
    assert counts(discovered) == counts(listed)
    assert (discovered["run"]["series"], discovered["run"]["inventory"]) == ("discovered", "--discover")


def test_where_discovery_could_not_look_is_told_and_stands_in_the_report_of_a_run(desk: Desk) -> None:
    scenario = crowd(3, {"healthy": 1.0})
    blind = replace(scenario, directory=replace(scenario.directory, faults={"reports": "no_permission"}))
    with opened(desk, blind):
        told = desk.health("discover").err
        assert "There may be more mailboxes, since the e-mail app usage report could not be read:" in told
        assert "Reports.Read.All" in told
        (place,) = [
            one
            for one in desk.report("--discover", "--tenant", "contoso.com")["not_asked"]["unasked"]
            if "usage" in one["what"]
        ]
        assert place["tenant"] == "contoso.com"
        assert "Reports.Read.All" in place["because"]
        assert "\n  - the e-mail app usage report: " in desk.health("run", "--discover").out


def test_discovery_needs_to_know_where_to_look(desk: Desk) -> None:
    ran = desk.diag("health", "discover")
    assert (ran.code, ran.err) == (2, "diag: Say in which tenant to look: --tenant TENANT.\n")
    nobody = desk.diag("health", "discover", "--tenant", "contoso.com")
    assert nobody.code == 2
    assert nobody.err.startswith("diag: To find mailboxes an administrator must be signed in")


@pytest.mark.usefixtures("lab")
def test_a_run_in_which_diag_broke_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object, **__: object) -> None:
        secret = "hunter2"
        raise RuntimeError(secret)

    monkeypatch.setattr("diag.pipeline.run", burst)
    ran = desk.health("run", desk.sheet("healthy-00001@contoso.com"))
    assert ran.code == 4, ran.out
    assert "RuntimeError at " in ran.out
    assert "hunter2" not in ran.out + ran.err
    assert desk.health("report").code == 4


@pytest.mark.usefixtures("lab")
def test_off_a_terminal_nothing_is_said_unless_everything_is_asked_for(desk: Desk) -> None:
    assert desk.health("run").err == ""
    told = desk.health("run", "--verbose").err
    assert {"Reading the settings of the tenant's mailboxes", "Reading the sign-in log"} == set(told.splitlines())
    assert "\x1b" not in told
