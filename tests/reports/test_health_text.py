from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from diag import catalogue
from diag.health.report import HealthReport
from diag.health.result import Status
from diag.health.run import Entry, Notes, Unasked
from diag.health.scanner import Scanner
from diag.language import supported
from diag.outcome import Certainty
from diag.sentence import say
from reports import HEALTH_FORMATS, render_health
from reports.health_words import first_step, number, verdict
from reports.reader import Reader
from reports.remedy import MAILBOX, steps
from tests.health import any_entries
from tests.health.fleet import (
    BASIC,
    EXPIRING,
    HOSTILE,
    NIGHT,
    OFF,
    OFF_FOR_ALL,
    entry,
    fleet,
    found,
    reported,
    result,
    run,
    scanner,
)

NAMES_A_MAILBOX = "xoauth2_user_field_invalid"  # in its first step
SOON = found(EXPIRING, Status.WILL_BREAK)


def said(entries: list[Entry], **known: Any) -> str:
    return verdict(reported(entries, **known), Reader(language="en", translate=str))


@pytest.mark.parametrize("language", supported())
def test_the_summary_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    assert render_health("text", fleet(), language=language) == snapshot


@pytest.mark.parametrize("language", supported())
def test_a_first_run_that_was_cut_off_reads_as_it_did(language: str, snapshot: SnapshotAssertion) -> None:
    this = replace(run(before=None), finished_at=None)
    entries = [entry(result(scanner(1), SOON)), entry(result(scanner(2)))]
    assert render_health("text", reported(entries, run=this, before=None), language=language) == snapshot


def test_what_could_not_be_asked_for_the_same_reason_is_one_line() -> None:
    why = say("there is no licence")
    left = [("a.com", "the sign-in log", why), ("a.com", "the consent", say("no")), ("a.com", "security defaults", why)]
    unasked = tuple(Unasked(tenant=tenant, what=say(what), because=because) for tenant, what, because in left)
    unasked += (Unasked(tenant="b.com", what=say("the consent"), because=why),)
    text = render_health("text", reported([], run=replace(run(), notes=Notes(unasked=unasked))), language="en")
    lines = [line.strip() for line in text.splitlines() if ".com: " in line]
    assert lines == [
        "- a.com: the sign-in log, security defaults: there is no licence",
        "- a.com: the consent: no",
        "- b.com: the consent: there is no licence",
    ]


@pytest.mark.parametrize("language", supported())
def test_no_line_is_wider_than_eighty_columns(language: str) -> None:
    for line in render_health("text", fleet(), language=language).splitlines():
        assert len(line) <= 80, line


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "No mailbox was examined."),
        ([entry(result(scanner(1)))], "The one mailbox can send."),
        ([entry(result(scanner(one))) for one in range(3)], "All 3 mailboxes can send."),
        (
            [entry(result(scanner(1), found("wrong_password"))), entry(result(scanner(2)))],
            "1 of 2 mailboxes cannot send: User name or password is wrong.",
        ),
        (
            [entry(result(scanner(one), found("wrong_password"))) for one in range(2)],
            "2 of 2 mailboxes cannot send, all for one reason: User name or password is wrong.",
        ),
        (
            [
                *(entry(result(scanner(one), found("wrong_password"))) for one in range(2)),
                entry(result(scanner(3), found(OFF))),
            ],
            "3 of 3 mailboxes cannot send; 2 of them for one reason: User name or password is wrong.",
        ),
        (
            [entry(result(scanner(1), found("wrong_password"))), entry(result(scanner(2), found(OFF)))],
            "2 of 2 mailboxes cannot send.",
        ),
        ([entry(result(scanner(1), status=Status.BROKEN))], "1 of 1 mailboxes cannot send."),
        (
            [entry(result(scanner(1), SOON)), entry(result(scanner(2)))],
            "1 of 2 mailboxes will stop sending: The app's secret or certificate is about to expire.",
        ),
        (
            [
                entry(result(scanner(1), found("wrong_password"))),
                entry(result(scanner(2), SOON)),
                entry(result(scanner(3), status=Status.INCONCLUSIVE)),
            ],
            (
                "1 of 3 mailboxes cannot send: User name or password is wrong. 1 more will stop sending. "
                "Of 1 it is not known whether it can send."
            ),
        ),
        (
            [entry(result(scanner(1), found("tls_version_too_old", Status.DEGRADED))), entry(result(scanner(2)))],
            "1 of 2 mailboxes sends, but something stands out: TLS is spoken in a version that is too old.",
        ),
        (
            [entry(result(scanner(one), status=Status.INCONCLUSIVE)) for one in range(2)],
            "It is not known of 2 of 2 mailboxes whether they can send.",
        ),
    ],
)
def test_the_verdict_comes_first_and_in_words(entries: list[Entry], told: str) -> None:
    assert said(entries) == told
    report = reported(entries)
    first = render_health("text", report, language="en", width=1000).splitlines()[0]
    assert first == told


def test_numbers_are_set_as_the_language_sets_them() -> None:
    assert [number(1204, language) for language in ("en", "fr")] == ["1,204", "1\u202f204"]
    assert number(-1204, "en", signed=True) == "-1,204"
    assert number(999, "fr") == "999"


def test_a_deadline_counts_down_and_is_not_forgotten_when_it_is_over() -> None:
    entries = [entry(result(scanner(1), found(BASIC, Status.WILL_BREAK)))]
    told = []
    for later in (NIGHT, NIGHT.replace(month=12, day=30), NIGHT.replace(month=12, day=31), NIGHT.replace(year=2027)):
        text = render_health("text", reported(entries, now=later), language="en")
        told.append(next(line.strip() for line in text.splitlines() if "2026-12-31" in line))
    assert [line.partition(" This is for")[0] for line in told] == [
        "To be done by 2026-12-31: 38 days are left.",
        "To be done by 2026-12-31: 1 day is left.",
        "To be done by 2026-12-31: 0 days are left.",
        "That was to be done by 2026-12-31.",
    ]


def test_the_first_step_is_for_a_mailbox_of_the_group() -> None:
    text = " ".join(render_health("text", fleet(), language="en").split())
    assert "scanner@contoso.com" not in text


def test_long_lists_are_cut_and_say_so() -> None:
    causes = [one for one in catalogue.load().causes if one != OFF_FOR_ALL][:20]
    entries = [entry(result(scanner(place), found(cause))) for place, cause in enumerate(causes)]
    text = render_health("text", reported(entries), language="en")
    assert "and 8 more causes" in text
    assert "and 15 more" in " ".join(text.split())


def test_nothing_changed_is_said() -> None:
    text = render_health("text", reported([entry(result(scanner(1)), "HH")]), language="en")
    assert "What changed\n  - Nothing changed." in text


@pytest.mark.parametrize("form", HEALTH_FORMATS)
def test_an_unfinished_run_and_one_without_mailboxes_have_a_report(form: str) -> None:
    assert render_health(form, reported([], run=replace(run(), finished_at=None)), language="fr").strip()


def test_there_is_no_other_form() -> None:
    with pytest.raises(KeyError):
        render_health("html", fleet(), language="en")


def test_hostile_words_are_shown_as_escapes_and_cut() -> None:
    text = render_health("text", fleet(hostile=True), language="en")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"\x1b[2J\u202e" in text
    assert HOSTILE not in text


@any_entries.SLOW
@given(any_entries.reports(), st.sampled_from(supported()))
def test_any_report_is_plain_visible_lines(report: HealthReport, language: str) -> None:
    text = render_health("text", report, language=language)
    assert all(character.isprintable() or character in "\n\u00a0\u202f" for character in text)


def test_certainty_is_told_as_the_best_of_the_group() -> None:
    sure = [
        entry(result(scanner(place), found(OFF, Status.BROKEN, certainty)))
        for place, certainty in enumerate((Certainty.LIKELY, Certainty.PROVEN))
    ]
    assert "Broken: 2 mailboxes, proven, since" in render_health("text", reported(sure), language="en")


def test_a_cause_that_the_catalogue_has_no_more_is_told_by_its_id_and_leads_nowhere() -> None:
    report = reported([entry(result(scanner(1), found("a_cause_of_old")))])
    for form in HEALTH_FORMATS:
        told = render_health(form, report, language="fr", docs_url="https://docs.example/")
        assert "a_cause_of_old" in told
        assert "https://docs.example/" not in told


def test_a_step_names_the_mailbox_that_has_the_cause() -> None:
    assert MAILBOX in str(steps(catalogue.load().cause(NAMES_A_MAILBOX), None, "en")[0])
    told = render_health("text", reported([entry(result(scanner(1), found(NAMES_A_MAILBOX)))]), language="en")
    assert "for instance scan-0001@contoso.com" in " ".join(told.split())
    assert MAILBOX not in told


def test_what_an_old_run_kept_need_not_pass_today() -> None:
    step = first_step(NAMES_A_MAILBOX, Scanner(mailbox="no address"), "en")
    assert step is not None
    assert MAILBOX in str(step)
