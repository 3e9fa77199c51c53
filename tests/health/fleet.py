"""A made-up fleet, its runs, and what is reported of them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from diag import catalogue
from diag.health.annotations import Annotations, Mute
from diag.health.gathering import report_of
from diag.health.past import Past, went_on
from diag.health.report import HealthReport
from diag.health.result import Found, Result, Status
from diag.health.run import BadRow, Entry, Notes, Run, Stopped, Unasked
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence, say

NIGHT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OFF = "smtp_auth_disabled_mailbox"
OFF_FOR_ALL = "smtp_auth_disabled_tenant"
EXPIRING = "app_credential_expiring"
BASIC = "basic_auth_still_used"
THROTTLED = say("the server took no more connections")
HOSTILE = '=cmd|"/c calc"!A1 \x1b[2J\u202e <script>alert(1)</script> ![x](http://evil.example/x.png) `|` * _'


def scanner(number: int, domain: str = "contoso.com", **known: Any) -> Scanner:
    return Scanner(mailbox=f"scan-{number:04}@{domain}", line=number + 1, **known)


def found(
    cause: str,
    status: Status = Status.BROKEN,
    certainty: Certainty = Certainty.PROVEN,
    *because: Sentence,
) -> Found:
    return Found(cause=cause, certainty=certainty, status=status, because=because or (say("The server says so."),))


def result(
    of: Scanner, *causes: Found, status: Status | None = None, at: datetime = NIGHT, because: Sentence | None = None
) -> Result:
    known = status or min((cause.status for cause in causes), key=lambda one: one.rank, default=Status.HEALTHY)
    return Result(scanner=of, status=known, found=causes, checked_at=at, duration_ms=41.5, because=because)


def lived(of: Scanner, trail: str, cause: str = OFF, *, at: datetime = NIGHT) -> Past:
    """What is known of a mailbox after one run a night, the last in the night before `at`."""
    past: Past | None = None
    for place, letter in enumerate(trail):
        status = next(one for one in Status if one.letter == letter)
        causes = () if status in {Status.HEALTHY, Status.INCONCLUSIVE} else (found(cause, status),)
        then = at - timedelta(days=len(trail) - place)
        past, _ = went_on(past, result(of, *causes, status=status, at=then))
    assert past is not None
    return past


def entry(of: Result, trail: str = "", cause: str = OFF) -> Entry:
    """An entry after the runs of `trail`."""
    before = lived(of.scanner, trail, cause, at=of.checked_at) if trail else None
    past, change = went_on(before, of)
    return Entry(result=of, past=past, change=change)


def run(number: int = 12, *, at: datetime = NIGHT, before: int | None = 11, notes: Notes | None = None) -> Run:
    return Run(
        id=number,
        series="scanners.csv",
        inventory="scanners.csv",
        diag_version="0.1",
        started_at=at,
        seen_at=at + timedelta(minutes=4),
        finished_at=at + timedelta(minutes=4),
        before=before,
        notes=notes or Notes(),
    )


BEFORE = run(11, at=NIGHT - timedelta(days=1), before=10)
NOTES = Notes(
    bad_rows=(BadRow(line=7, because=say("'{shown}' is not a host name.", shown="smtp office")),),
    bad_rows_total=3,
    duplicates=2,
    stopped=(Stopped(tenant="litware.example", cause="wrong_password", alike=10, left=20),),
    unasked=(
        Unasked(
            tenant="contoso.com",
            what=say("the directory does not say whether the account may sign in"),
            because=say("no answer in time"),
        ),
    ),
)
MUTES = Annotations(
    mutes=(
        Mute(
            number=1, reason="being replaced", until=date(2026, 12, 31), mailbox="scan-000?@*", by="ops", ticket="T-4"
        ),
        Mute(number=2, reason="office closed", until=date(2026, 11, 22), site="Lyon"),
        Mute(number=3, reason="no longer there", until=date(2027, 1, 31), tenant="gone.example"),
    )
)


def muting(**named: Any) -> Annotations:
    return Annotations(mutes=(Mute(number=1, reason="known", until=date(2026, 12, 31), **named),))


async def _stream(entries: Iterable[Entry]) -> AsyncIterator[Entry]:
    for one in entries:
        yield one


def reported(entries: Iterable[Entry], **known: Any) -> HealthReport:
    """The report of these entries."""
    asked: dict[str, Any] = {
        "gone": (),
        "annotations": Annotations(),
        "catalogue": catalogue.load(),
        "now": NIGHT + timedelta(hours=6),
        **known,
    }
    this, before = asked.pop("run", run()), asked.pop("before", BEFORE)
    return asyncio.run(report_of(this, before, _stream(entries), **asked))


def _entries(hostile: bool) -> Iterator[Entry]:
    said = say('The reply names this cause itself: "{words}".', words=HOSTILE if hostile else "5.7.139 is disabled")
    told = {"device": HOSTILE, "owner": HOSTILE, "site": HOSTILE} if hostile else {}
    for number in range(31):
        of = scanner(number, tenant="contoso.com", **({"site": "Lyon" if number > 25 else "Paris"} | told))
        yield entry(
            result(of, found(OFF_FOR_ALL, Status.BROKEN, Certainty.PROVEN, said)),
            "H" * 20 + "B" * (number % 5),
            OFF_FOR_ALL,
        )
    for number in range(31, 37):
        of = scanner(number, "fabrikam.example", site="Nice", device="MFP 4", owner="Claire")
        soon = found(EXPIRING, Status.WILL_BREAK, Certainty.PROVEN)
        yield entry(result(of, found("wrong_password", Status.BROKEN, Certainty.LIKELY), soon), "HBHBHH")
    for number in range(100, 310):
        of = scanner(number, site="Paris")
        yield entry(result(of, found(EXPIRING, Status.WILL_BREAK, Certainty.PROVEN)), "W" * 9, EXPIRING)
    for number in range(310, 316):
        yield entry(result(scanner(number), found("tls_version_too_old", Status.DEGRADED, Certainty.LIKELY)), "H")
    for number in range(316, 336):
        yield entry(result(scanner(number, "litware.example"), status=Status.INCONCLUSIVE, because=THROTTLED), "HB")
    for number in range(336, 341):
        yield entry(result(scanner(number)), "HHBB")
    for number in range(400, 1326):
        yield entry(result(scanner(number)), "HH")


def fleet(*, hostile: bool = False) -> HealthReport:
    """1,204 mailboxes with mixed faults, after another run."""
    return reported(
        _entries(hostile),
        run=run(notes=NOTES),
        annotations=MUTES,
        gone=(scanner(2000), scanner(2001)),
        before_counts={Status.BROKEN: 30, Status.WILL_BREAK: 210, Status.HEALTHY: 958, Status.INCONCLUSIVE: 4},
    )


def quiet(report: HealthReport) -> HealthReport:
    """The same report of a run that was the first."""
    return replace(report, before=None, before_counts=None)
