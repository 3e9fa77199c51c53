"""The health report as a line for Nagios, Icinga and their like, and the exit code they read.

As https://www.monitoring-plugins.org/doc/guidelines.html asks: words, a bar, then figures with their thresholds.
"""

from datetime import timedelta
from enum import IntEnum

from diag.health.report import HealthReport
from diag.health.result import Status
from diag.language import translator
from reports.health_words import verdict
from reports.reader import Reader
from reports.wording import shown

_OLD = timedelta(hours=36)
_LONGEST = 1000  # characters; older servers cut a line at 1024 or 4096


class State(IntEnum):
    """The states of a service, which are the exit codes of a check."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_STATES = {
    Status.BROKEN: State.CRITICAL,
    Status.WILL_BREAK: State.WARNING,
    Status.DEGRADED: State.WARNING,
    Status.INCONCLUSIVE: State.UNKNOWN,
    Status.HEALTHY: State.OK,
}
# What may be counted without a word: none. A warning or critical range of "0" is left by every number above it.
_THRESHOLDS = {
    Status.BROKEN: ";;0",
    Status.WILL_BREAK: ";0;",
    Status.DEGRADED: ";0;",
    Status.INCONCLUSIVE: ";;",
    Status.HEALTHY: ";;",
}


def nagios_state(report: HealthReport) -> State:
    """Return the state; what is muted does not count.

    Of a run that did not come to its end, or is older than a night and a half, nobody knows the best.
    """
    state, ended = _STATES[report.worst], report.run.finished_at
    is_old = ended is None or report.made_at - ended > _OLD
    return State.UNKNOWN if state is State.OK and is_old else state


def nagios_code(report: HealthReport) -> int:
    """Return the exit code."""
    return nagios_state(report).value


def unknown(words: str) -> str:
    """Return the line of a plug-in that could not do its work."""
    return f"DIAG {State.UNKNOWN.name} - {shown(words, _LONGEST).replace('|', '/')}\n"


def render(report: HealthReport, *, language: str) -> str:
    """Return the line. The words are in `language`, everything else is always the same."""
    reader = Reader(language=language, translate=translator(language))
    words = shown(verdict(report, reader), _LONGEST).replace("|", "/")
    figures = [f"{status.value}={report.unmuted[status]}{_THRESHOLDS[status]};0" for status in Status]
    muted = report.total - sum(report.unmuted.values())
    figures += [f"muted={muted};;;0", f"total={report.total};;;0"]
    return f"DIAG {nagios_state(report).name} - {words} | {' '.join(figures)}\n"
