import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from diag import catalogue
from diag.health.annotations import Annotations
from diag.health.deadlines import DEADLINES
from diag.health.gathering import Gathering
from diag.health.past import Change
from diag.health.report import HealthReport
from diag.health.result import Status
from diag.health.run import Entry, Notes, Stopped
from diag.outcome import Certainty
from diag.sentence import say
from tests.health import any_entries
from tests.health.fleet import (
    BASIC,
    EXPIRING,
    NIGHT,
    OFF,
    OFF_FOR_ALL,
    entry,
    fleet,
    found,
    muting,
    reported,
    result,
    run,
    scanner,
)

SOON = found(EXPIRING, Status.WILL_BREAK)


def names(items: Sequence[Any]) -> list[str]:
    return [item.scanner.mailbox.partition("@")[0] for item in items]


def test_the_counts_are_those_of_the_mailboxes() -> None:
    report = fleet()
    assert report.total == 1204
    assert report.counts == {
        Status.BROKEN: 37,
        Status.WILL_BREAK: 210,
        Status.DEGRADED: 6,
        Status.INCONCLUSIVE: 20,
        Status.HEALTHY: 931,
    }
    assert report.examined == 1184


def test_a_mailbox_that_is_broken_and_will_break_counts_once_and_stands_in_both_groups() -> None:
    report = reported([entry(result(scanner(1), found(OFF), SOON))])
    assert report.counts[Status.BROKEN] == report.total == 1
    assert [(group.cause, group.status, group.mailboxes) for group in report.groups] == [
        (OFF, Status.BROKEN, ("scan-0001@contoso.com",)),
        (EXPIRING, Status.WILL_BREAK, ("scan-0001@contoso.com",)),
    ]
    lead, other = report.items
    assert (lead.is_lead, lead.change, lead.since) == (True, Change.NEW, NIGHT)
    assert (other.is_lead, other.change, other.since) == (False, None, None)


def test_groups_come_by_status_and_then_by_number() -> None:
    report = reported(
        [
            entry(result(scanner(1), SOON)),
            entry(result(scanner(2), SOON)),
            entry(result(scanner(3), found("wrong_password"))),
            entry(result(scanner(4), found(OFF))),
            entry(result(scanner(5), found(OFF))),
        ]
    )
    assert [group.cause for group in report.groups] == [OFF, "wrong_password", EXPIRING]


def test_a_group_says_what_its_mailboxes_have_in_common() -> None:
    group = fleet().groups[0]
    assert (group.cause, group.actor, group.certainty) == (OFF_FOR_ALL, "exchange_admin", Certainty.PROVEN)
    assert (len(group.items), group.muted) == (31, 10)
    assert group.since == NIGHT - timedelta(days=4)
    assert (group.tenants, group.sites) == (("contoso.com",), ("Lyon", "Paris"))
    assert len(group.because) == 1
    assert group.items[0].mute is None
    assert group.items[-1].mute is not None


def test_reasons_of_a_group_differ_in_words_and_are_few() -> None:
    said = [say("a {x}", x=1), say("a {x}", x=2), say("b"), say("c"), say("d")]
    report = reported([entry(result(scanner(1), found(OFF, Status.BROKEN, Certainty.PROVEN, *said)))])
    assert [str(because) for because in report.groups[0].because] == ["a 1", "b", "c"]


def test_the_same_cause_stands_apart_where_it_does_not_do_the_same() -> None:
    report = reported(
        [
            entry(result(scanner(1), found("tls_version_too_old", Status.DEGRADED))),
            entry(result(scanner(2), found("tls_version_too_old", Status.BROKEN))),
        ]
    )
    assert [(group.status, len(group.items)) for group in report.groups] == [(Status.BROKEN, 1), (Status.DEGRADED, 1)]


def test_each_kind_of_people_gets_its_causes_and_its_mailboxes_once() -> None:
    shares = {share.actor: share for share in fleet().by_actor}
    assert list(shares) == ["exchange_admin", "helpdesk", "entra_admin", "network"]
    assert shares["exchange_admin"].mailboxes == 21
    assert shares["entra_admin"].mailboxes == 216
    both = reported([entry(result(scanner(1), found(OFF), found(OFF_FOR_ALL)))])
    assert [(share.actor, share.mailboxes, len(share.groups)) for share in both.by_actor] == [("exchange_admin", 1, 2)]


def test_a_known_deadline_stands_at_its_group() -> None:
    report = reported([entry(result(scanner(1), found(BASIC, Status.WILL_BREAK), SOON))])
    assert {group.cause: group.deadline for group in report.groups} == {BASIC: DEADLINES[BASIC], EXPIRING: None}


def test_a_deadline_is_that_of_a_cause_there_is() -> None:
    assert DEADLINES.keys() <= catalogue.load().causes.keys()


def test_a_cause_that_the_catalogue_has_no_more_is_still_told() -> None:
    group = reported([entry(result(scanner(1), found("a_cause_of_old")))]).groups[0]
    assert (group.cause, group.actor) == ("a_cause_of_old", "helpdesk")


def test_what_changed_is_told_beside_the_run_before() -> None:
    report = reported(
        [
            entry(result(scanner(1), found(OFF)), "HH"),
            entry(result(scanner(2), found(OFF)), "HBB"),
            entry(result(scanner(3), found(OFF_FOR_ALL)), "HB"),
            entry(result(scanner(4)), "HBB"),
            entry(result(scanner(5), status=Status.INCONCLUSIVE, because=say("x")), "HB"),
            entry(result(scanner(6)), "HH"),
            entry(result(scanner(7)), ""),
            entry(result(scanner(8)), "BHBH"),
            entry(result(scanner(9), found(OFF)), "BBBBB"),
        ],
        gone=[scanner(10)],
    )
    expected = {
        Change.NEW: ["scan-0001"],
        Change.STILL: ["scan-0002", "scan-0009"],
        Change.OTHER: ["scan-0003"],
        Change.FIXED: ["scan-0004"],
        Change.UNKNOWN: ["scan-0005"],
    }
    assert {change: names(report.changed(change)) for change in expected} == expected
    assert names(report.flapping) == ["scan-0008"]
    assert [gone.mailbox for gone in report.gone] == ["scan-0010@contoso.com"]
    assert report.median_days == 2
    assert [item.days for item in report.changed(Change.STILL)] == [2, 5]
    assert report.has_news


@pytest.mark.parametrize(
    ("entries", "has_news"),
    [
        ([entry(result(scanner(1)), "HH")], False),
        ([entry(result(scanner(1), found(OFF)), "HB")], False),
        ([entry(result(scanner(1), status=Status.INCONCLUSIVE), "HB")], False),
        ([entry(result(scanner(1)), "HB")], True),
        ([entry(result(scanner(1), found(OFF)), "HH")], True),
    ],
)
def test_news_is_what_broke_changed_or_was_fixed(entries: list[Entry], has_news: bool) -> None:
    assert reported(entries).has_news is has_news


def test_a_first_run_has_no_changes_and_is_news() -> None:
    report = reported([entry(result(scanner(1), found(OFF)))], before=None)
    assert report.changed(Change.NEW) == ()
    assert report.has_news


def test_what_nobody_knows_is_put_together_by_its_reason() -> None:
    report = reported(
        [
            entry(result(scanner(1), status=Status.INCONCLUSIVE, because=say("{tenant} is left", tenant="a"))),
            entry(result(scanner(2), status=Status.INCONCLUSIVE, because=say("throttled"))),
            entry(result(scanner(3), status=Status.INCONCLUSIVE, because=say("{tenant} is left", tenant="b"))),
            entry(result(scanner(4), status=Status.INCONCLUSIVE)),
        ]
    )
    told = [(str(unclear.because), len(unclear.items)) for unclear in report.unclear]
    assert told == [("a is left", 2), ("throttled", 1), ("None", 1)]


def test_reasons_that_differ_only_within_stay_apart() -> None:
    reasons = (say("{said}: no answer", said=say("sign-in log")), say("{said}: no answer", said=say("settings")))
    report = reported(
        entry(result(scanner(number), status=Status.INCONCLUSIVE, because=because))
        for number, because in enumerate(reasons)
    )
    assert [str(unclear.because) for unclear in report.unclear] == ["sign-in log: no answer", "settings: no answer"]


# --- muting


def test_what_is_muted_is_counted_and_said_and_worries_nobody() -> None:
    entries = [entry(result(scanner(1), found(OFF)), "H"), entry(result(scanner(2)), "H")]
    report = reported(entries, annotations=muting(mailbox="scan-0001@*"))
    assert report.counts[Status.BROKEN] == report.muted[Status.BROKEN] == 1
    assert report.worst is Status.HEALTHY
    assert report.changed(Change.NEW) == ()
    assert not report.has_news
    assert report.by_actor == ()
    assert names(report.muted_items) == ["scan-0001"]


def test_a_mailbox_counts_by_the_worst_that_is_not_muted() -> None:
    report = reported([entry(result(scanner(1), found(OFF), SOON))], annotations=muting(cause=OFF))
    assert report.counts[Status.BROKEN] == report.muted[Status.BROKEN] == 1
    assert report.unmuted[Status.WILL_BREAK] == 1
    assert report.worst is Status.WILL_BREAK


def test_a_mailbox_with_two_causes_is_not_muted_by_one_of_them() -> None:
    report = reported([entry(result(scanner(1), found(OFF), found(OFF_FOR_ALL)))], annotations=muting(cause=OFF))
    assert report.muted[Status.BROKEN] == 0
    assert report.worst is Status.BROKEN


def test_an_annotation_that_is_over_mutes_nothing_and_is_said() -> None:
    mutes = muting(mailbox="scan-0001@*")
    entries = [entry(result(scanner(1), found(OFF), SOON))]
    report = reported(entries, annotations=mutes, now=NIGHT + timedelta(days=60))
    assert report.worst is Status.BROKEN
    assert [(ended.mute.number, ended.findings) for ended in report.ended] == [(1, 2)]
    assert report.unmatched == ()


def test_an_annotation_that_fits_nothing_is_said_even_where_its_mailbox_is_well() -> None:
    report = reported([entry(result(scanner(1)), "HB")], annotations=muting(mailbox="scan-0001@*"))
    assert [mute.number for mute in report.unmatched] == [1]
    assert names(report.changed(Change.FIXED)) == ["scan-0001"]


def test_what_nobody_knows_can_be_muted_by_mailbox_but_not_by_cause() -> None:
    entries = [entry(result(scanner(1), status=Status.INCONCLUSIVE, because=say("x")))]
    assert reported(entries, annotations=muting(mailbox="*")).worst is Status.HEALTHY
    assert reported(entries, annotations=muting(cause="smtp_*")).worst is Status.INCONCLUSIVE


# --- all of it


@any_entries.SLOW
@given(any_entries.fleets(), any_entries.MUTES, any_entries.NOW)
def test_the_sums_are_right_whatever_is_found(entries: list[Entry], mutes: Annotations, now: Any) -> None:
    report = reported(entries, annotations=mutes, now=now)
    assert sum(report.counts.values()) == report.total == len(entries)
    assert Counter(one.result.status for one in entries) == Counter(report.counts)
    leads = [item for item in report.items if item.is_lead and item.status is not Status.HEALTHY]
    ill = [one.result.scanner.mailbox for one in entries if one.result.status is not Status.HEALTHY]
    assert [item.scanner.mailbox for item in leads] == ill
    assert all(0 <= report.muted[status] <= report.counts[status] for status in Status)
    assert sum(report.unmuted.values()) <= report.total
    assert report.worst.rank >= min((one.result.status.rank for one in entries), default=0)


@any_entries.SLOW
@given(any_entries.fleets(), any_entries.MUTES, any_entries.NOW)
def test_groups_and_what_is_unclear_have_every_finding_once(entries: list[Entry], mutes: Annotations, now: Any) -> None:
    report = reported(entries, annotations=mutes, now=now)
    told = [id(item) for group in report.groups for item in group.items]
    told += [id(item) for unclear in report.unclear for item in unclear.items]
    assert sorted(told) == sorted(id(item) for item in report.items if item.status is not Status.HEALTHY)
    for group in report.groups:
        assert {(item.cause, item.status) for item in group.items} == {(group.cause, group.status)}
    assert [group.status.rank for group in report.groups] == sorted(group.status.rank for group in report.groups)


def test_an_empty_run_knows_nothing() -> None:
    report = reported([])
    assert (report.total, report.worst, report.groups) == (0, Status.INCONCLUSIVE, ())


def test_those_of_a_tenant_that_was_left_were_not_examined() -> None:
    notes = Notes(stopped=(Stopped(tenant="contoso.com", cause=OFF, alike=3, left=1),))
    report = reported([entry(result(scanner(1))), entry(result(scanner(2)))], run=run(notes=notes))
    assert (report.total, report.examined) == (2, 1)


def _same(one: HealthReport, other: HealthReport) -> bool:
    return (one.counts, one.unmuted, one.items, one.groups) == (other.counts, other.unmuted, other.items, other.groups)


def test_with_the_counts_of_the_run_its_quiet_entries_make_the_same_report() -> None:
    entries = [
        entry(result(scanner(1)), "HH"),
        entry(result(scanner(2))),
        entry(result(scanner(3)), "HB"),
        entry(result(scanner(4), found(OFF)), "HH"),
    ]
    quiet = [one for one in entries if one.change not in {Change.SAME, Change.FIRST}]
    assert len(quiet) == 2
    counts = Counter(one.result.status for one in entries)
    assert _same(reported(quiet, counts=counts), reported(entries))


def test_mailboxes_that_are_well_take_no_memory() -> None:
    gathering = Gathering(Annotations(), NIGHT)
    healthy = entry(result(scanner(1)), "HHH")
    gathering.add(healthy)
    tracemalloc.start()
    try:
        for _ in range(100_000):
            gathering.add(healthy)
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000  # bytes
    assert gathering.report(run(), None, gone=(), catalogue=catalogue.load()).total == 100_001


def test_mailboxes_that_nobody_could_examine_are_not_called_examined() -> None:
    unknown = result(scanner(1), status=Status.INCONCLUSIVE, because=say("no credential"))
    entries = [entry(replace(unknown, duration_ms=0)), entry(result(scanner(2), status=Status.INCONCLUSIVE))]
    report = reported([*entries, entry(result(scanner(3)))])
    assert (report.total, report.examined) == (3, 2)
