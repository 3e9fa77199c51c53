"""Whatever a run may bring: entries of any status, with any causes, after any past, said by anybody."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from diag.health.annotations import Annotations, Mute
from diag.health.past import went_on
from diag.health.report import HealthReport
from diag.health.result import Found, Result, Status
from diag.health.run import BadRow, Entry, Notes, Stopped, Unasked
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence, say
from tests.health import fleet

# A report takes long to make up, and a machine may be slow.
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CAUSES = (fleet.OFF, fleet.OFF_FOR_ALL, fleet.EXPIRING, fleet.BASIC, "wrong_password", "a_cause_of_old")
MARKUP = st.sampled_from(
    [
        fleet.HOSTILE,
        "",
        "=1+1",
        "a\r\nb",
        "\u2028",
        "``",
        "**x**",
        "[x](http://evil.example)",
        "<b>",
        "|",
        "# x",
        "\ud7ff",
    ]
)
TEXT = st.one_of(MARKUP, st.text(max_size=40))
SENTENCES = st.one_of(
    TEXT.map(lambda text: say('The reply names this cause itself: "{words}".', words=text)),
    TEXT.map(lambda text: say("{said}", said=text)),
)


@st.composite
def results(draw: st.DrawFn, number: int = 0) -> Result:
    scanner = Scanner(
        mailbox=f"scan-{number}@contoso.com",
        tenant=draw(st.sampled_from(["", "contoso.com", "fabrikam.example"])),
        site=draw(TEXT),
        device=draw(TEXT),
        owner=draw(TEXT),
    )
    status = draw(st.sampled_from(list(Status)))
    causes = draw(st.lists(st.sampled_from(CAUSES), unique=True, max_size=4))
    worse = [one for one in Status if one.rank >= status.rank and one is not Status.HEALTHY]
    found = [
        Found(
            cause=cause,
            certainty=draw(st.sampled_from(list(Certainty))),
            status=draw(st.sampled_from(worse)) if place else status,
            because=tuple(draw(st.lists(SENTENCES, max_size=3))),
        )
        for place, cause in enumerate(causes if status is not Status.HEALTHY else ())
    ]
    because: Sentence | None = draw(st.one_of(st.none(), SENTENCES)) if status is Status.INCONCLUSIVE else None
    return Result(
        scanner=scanner, status=status, found=tuple(found), checked_at=fleet.NIGHT, duration_ms=1, because=because
    )


@st.composite
def entries(draw: st.DrawFn, number: int = 0) -> Entry:
    of = draw(results(number))
    trail = draw(st.text("BWDIH", max_size=12))
    before = fleet.lived(of.scanner, trail) if trail else None
    past, change = went_on(before, of)
    return Entry(result=of, past=past, change=change)


@st.composite
def fleets(draw: st.DrawFn) -> list[Entry]:
    return [draw(entries(number)) for number in range(draw(st.integers(0, 12)))]


MUTES = st.builds(
    Annotations,
    mutes=st.lists(
        st.builds(
            Mute,
            number=st.just(0),
            reason=TEXT.filter(bool),
            until=st.dates(date(2026, 11, 20), date(2026, 11, 26)),
            mailbox=st.sampled_from(["", "*", "scan-1@contoso.com", "scan-?@*"]),
            cause=st.sampled_from(["", *CAUSES, "smtp_*"]),
            by=TEXT,
        ),
        max_size=4,
    ).map(lambda mutes: tuple(_numbered(mute, number) for number, mute in enumerate(mutes, 1))),
)


def _numbered(mute: Mute, number: int) -> Mute:

    return replace(mute, number=number)


NOTES = st.builds(
    Notes,
    bad_rows=st.lists(st.builds(BadRow, line=st.integers(1, 9999), because=SENTENCES), max_size=8).map(tuple),
    bad_rows_total=st.integers(0, 99_999),
    duplicates=st.integers(0, 99_999),
    stopped=st.lists(
        st.builds(Stopped, tenant=TEXT, cause=st.sampled_from(CAUSES), alike=st.just(10), left=st.integers(0, 9)),
        max_size=9,
    ).map(tuple),
    unasked=st.lists(st.builds(Unasked, tenant=TEXT, what=SENTENCES, because=SENTENCES), max_size=4).map(tuple),
)
NOW = st.timedeltas(timedelta(), timedelta(days=60)).map(lambda later: fleet.NIGHT + later)


@st.composite
def reports(draw: st.DrawFn) -> HealthReport:
    return fleet.reported(
        draw(fleets()),
        annotations=draw(MUTES),
        run=fleet.run(notes=draw(NOTES)),
        now=draw(NOW),
        gone=[fleet.scanner(99)],
    )
