"""Windows' Task Scheduler, told of the nightly run."""

import locale
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from diag.adapters.programs import Programs
from diag.health.schedule import Kind, Plan, Schedule, Written, no_environment
from diag.health.schedule_windows import create, is_same, task_name, task_of
from diag.sentence import Sentence, say

_FILE = "FILE.xml"  # in what is shown; the file is there for a moment only


@dataclass(frozen=True, slots=True)
class TaskScheduler:
    """A task in a folder of its own."""

    programs: Programs

    def plan(self, schedule: Schedule) -> Plan:
        """Return what installing does."""
        return Plan(
            kind=Kind.WINDOWS,
            written=(Written(path=None, text=task_of(schedule).decode("utf-16")),),
            run=(create(schedule, _FILE),),
            hints=(no_environment(has_keyring=schedule.user is None), *_who(schedule)),
        )

    def is_there(self, plan: Plan, schedule: Schedule) -> bool:
        """Whether there is such a task, and it does the same; whom one runs as, Windows may tell by number alone."""
        del plan
        return schedule.user is None and is_same(self.told(schedule.name), task_of(schedule))

    def carry_out(self, plan: Plan) -> None:
        """Make the task."""
        with _for_a_moment(plan.written[0].text.encode("utf-16")) as file:
            self.programs.done(*(file if word == _FILE else word for word in plan.run[0]))

    def told(self, name: str) -> str:
        """Return the task as XML."""
        ran = self.programs.run("schtasks", "/Query", "/TN", task_name(name), "/XML")
        return _text(ran.out) if ran.is_good else ""

    def forget(self, name: str) -> None:
        """Remove the task."""
        self.programs.done("schtasks", "/Delete", "/TN", task_name(name), "/F")


def _who(schedule: Schedule) -> Iterator[Sentence]:
    user = schedule.user
    if user is None:
        yield say(
            "The task runs only while you are signed in; with --run-as NAME it runs as that user, signed in or not."
        )
        return
    yield say(
        "The task runs whether {user} is signed in or not, and then without the keyring of {user}: refer to secrets by"
        " file:PATH.",
        user=user,
    )
    yield say(
        "It reads the diag.toml of {user}, and keeps its runs in that user's own folder: where yours are meant, name"
        " them with --config and --ledger.",
        user=user,
    )


def _text(raw: bytes) -> str:
    """Read what schtasks prints: XML that calls itself UTF-16, in whatever the console speaks."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    return raw.decode(locale.getpreferredencoding(do_setlocale=False), "replace")


@contextmanager
def _for_a_moment(content: bytes) -> Iterator[str]:
    """Yield the path of a file with this content, which others cannot read and which is gone afterwards."""
    number, path = tempfile.mkstemp(prefix="diag-", suffix=".xml")
    try:
        with open(number, "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(content)
        yield path
    finally:
        with suppress(OSError):
            Path(path).unlink()
