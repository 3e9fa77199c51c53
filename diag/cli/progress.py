"""How a run over many mailboxes is watched: a bar on a terminal; elsewhere, if verbose, a line now and then."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diag.cli.terminal import Terminal
from diag.fleet.shared import Unattended
from diag.health.result import Result, Status
from diag.health.scanner import Scanner
from diag.sentence import Sentence, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_EVERY_S = 30.0


@dataclass(slots=True)
class Aside(Unattended):
    """The `Person` of a run: asked nothing, and told beside the bar what holds up a whole tenant."""

    tell: Callable[[Sentence], None] | None = None

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        """See the port."""
        if self.tell is not None and not fleeting:
            self.tell(now)


@dataclass(slots=True)
class Watcher:
    """The `Watching` of a run; `total` is how many mailboxes there are, None where that is not known."""

    person: Terminal
    aside: Aside
    total: int | None
    done: int = 0
    broken: int = 0
    began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)
    _bar: "tuple[Progress, TaskID] | None" = None

    def __enter__(self) -> Self:
        """Show the bar, where there is a terminal."""
        if sys.stderr.isatty():
            self._bar = self._shown()
        self.aside.tell = self._told_aside
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.aside.tell = None
        if self._bar is not None:
            self._bar[0].stop()

    def _told_aside(self, now: Sentence) -> None:
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, description=now.in_language(self.person.translate))
        elif self.person.verbose:
            self.person.say(now)

    def _shown(self) -> "tuple[Progress, TaskID]":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
            transient=True,
            expand=True,
        )
        task = progress.add_task(self._words(), total=self.total, rate="")
        progress.start()
        return progress, task

    def _words(self) -> str:
        if not self.broken:
            return self.person.translate(say("Examining").text)
        return say("Examining ({count} broken)", count=self.broken).in_language(self.person.translate)

    def _rate(self) -> float:
        return self.done / max(0.001, time.monotonic() - self.began)

    def went_on(self, result: Result) -> None:
        """See the port."""
        self.done += 1
        self.broken += result.status is Status.BROKEN
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, advance=1, description=self._words(), rate=f"{self._rate():.0f}/s")
        elif self.person.verbose and time.monotonic() - self._told > _EVERY_S:
            self._told = time.monotonic()
            self._line()

    def _line(self) -> None:
        done, rate = self.done, f"{self._rate():.1f}"
        if self.total is None:
            self.person.say(say("{done} mailboxes, {rate} a second", done=done, rate=rate))
            return
        self.person.say(say("{done} of {total} mailboxes, {rate} a second", done=done, total=self.total, rate=rate))

    def was_done(self, count: int) -> None:
        """See the port."""
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, advance=count)

    def waits(self, scanner: Scanner, seconds: float) -> None:
        """See the port."""
        if self.person.verbose:
            told = say(
                "The server asks for patience with {mailbox}; it is tried again in {seconds} s.",
                mailbox=scanner.mailbox,
                seconds=round(seconds),
            )
            self.person.say(told)
