"""Does a device still sign in with a password (Basic authentication)?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from checks.asked import found
from checks.reading import server_now
from checks.signing_in import application, is_over_smtp
from diag.directory import SignInRecord, SignIns
from diag.evidence import Evidence
from diag.health.deadlines import DEADLINES
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely
from diag.sentence import Sentence, say
from diag.stage import Stage

_CAUSE = "basic_auth_still_used"
_MOST_SOURCES = 5


def _uses(log: SignIns, evidence: Evidence) -> list[SignInRecord]:
    """The successful sign-ins with a password, the newest first.

    Failed ones are no use of it: passwords are guessed over SMTP all the time. What is logged for the device's own
    application is a token, under whatever name.
    """
    own = application(evidence)
    uses = (one for one in log.records if one.code == 0 and is_over_smtp(one))
    return sorted((one for one in uses if own is None or (one.app_id or "").lower() != own), key=_at, reverse=True)


def _at(record: SignInRecord) -> datetime:
    return record.at


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _what_it_means(evidence: Evidence) -> Sentence:
    if server_now(evidence).astimezone(UTC).date() <= DEADLINES[_CAUSE]:
        return say(
            "The sign-in log has sign-ins at the mail server itself, as those with a password are; one with OAuth 2.0"
            " is logged where its token is fetched. From the end of December 2026 passwords are refused by default."
        )
    return say(
        "The sign-in log has sign-ins at the mail server itself, as those with a password are; one with OAuth 2.0"
        " is logged where its token is fetched. By default passwords are refused since the end of December 2026: here"
        " they are still allowed, or again."
    )


def _sources(uses: Sequence[SignInRecord]) -> Iterator[Sentence]:
    """From where, and as what: the newest of each, since that is how the device is found."""
    newest: dict[tuple[str | None, str], SignInRecord] = {}
    for use in uses:
        newest.setdefault((use.ip, use.app), use)
    counts = Counter((use.ip, use.app) for use in uses)
    for source, last in list(newest.items())[:_MOST_SOURCES]:
        yield say(
            "From {address}, as '{app}' ({client}): {count} in the log, the last at {time}.",
            address=last.ip or "-",
            app=last.app or "-",
            client=last.client,
            count=counts[source],
            time=_time(last.at),
        )
    if len(newest) > _MOST_SOURCES:
        yield say("From {count} more addresses or applications.", count=len(newest) - _MOST_SOURCES)


def judge(evidence: Evidence) -> Outcome:
    """Likely, never proven: the log names the way in, and not what was sent there."""
    log = found(evidence, lambda directory: directory.sign_ins)
    if isinstance(log, Skipped):
        return log
    uses = _uses(log, evidence)
    if not uses:
        return Passed(shown=say("no sign-in with a password since {time}", time=_time(log.since)))
    shown = say(
        "the last one at {time}, from {address}; {count} since {since}",
        time=_time(uses[0].at),
        address=uses[0].ip or "-",
        count=len(uses),
        since=_time(log.since),
    )
    reasons = (_what_it_means(evidence), *_sources(uses))
    return Failed(shown=shown, suspects=tuple(likely(_CAUSE, reason) for reason in reasons))


CHECK = Check(
    "basic-authentication", say("No device signs in with a password (Basic authentication)"), Stage.DIRECTORY, judge
)
