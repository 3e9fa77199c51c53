"""`diag lab serve`: a lab in a process of its own, for the commands of others, until it is told to stop."""

import contextlib
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from diag.cli.command import Call
from diag.cli.options import Option
from diag.cli.settings import settings
from diag.files import check_writable
from diag.language import translator
from diag.sentence import say
from diag.subject import InvalidInputError, printable
from diag.wiring import lab_folder

if TYPE_CHECKING:
    from diag.lab import Scenario

_RECENT = 100  # visits that the lab keeps: nobody looks at them here
_GLANCE_S = 0.5  # Windows hears of Ctrl-C between two of them
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def serve(call: Call, lab: ModuleType, scenario: "Scenario", asked: Sequence[Option]) -> int:
    """Run the lab; its file stands as long as it answers, and nothing is left behind."""
    said = settings(call.options, call.environment, asked)
    file = said.path("output") or Path(f"{scenario.name}.lab.json")
    _check(lab, file)
    with _stopping() as stop, lab.Lab(scenario, recent=_RECENT) as running:
        handed_out = lab.handed_out(running)
        forget_changes(file)
        lab.hand_out(handed_out, file)
        try:
            line = say(
                "The lab {name} answers until Ctrl-C. Lead commands to it with --lab {file}",
                name=printable(scenario.name),
                file=printable(str(file), 200),
            )
            sys.stdout.write(f"{line.in_language(translator(said.language(call.language)))}\n")
            sys.stdout.flush()
            while not stop.wait(_GLANCE_S):
                pass
        finally:
            lab.withdraw(handed_out, file)
            forget_changes(file)
    return 0


def forget_changes(file: Path) -> None:
    """Remove the ledger of the lab that this file leads to: the tenant it is about is gone."""
    shutil.rmtree(lab_folder(str(file)), ignore_errors=True)


def _check(lab: ModuleType, file: Path) -> None:
    """Refuse a file that --lab would not take for one, and one that leads to a lab that runs."""
    shown = printable(str(file), 200)
    if not lab.is_served(str(file)):
        raise InvalidInputError(say("{file} must end in .json: --lab knows by that what it is.", file=shown))
    with contextlib.suppress(lab.ScenarioError):
        lab.served(str(file))
        raise InvalidInputError(say("The lab of {file} runs already.", file=shown))
    check_writable(file)


@contextlib.contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield what is set when somebody wants the lab to end, by whatever signal this system has for it."""
    stop = threading.Event()

    def heard(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN if hasattr(signal, "SIGHUP") else False  # nohup
    known = [one for one in known if not ignored or one is not signal.SIGHUP]
    before = {one: signal.signal(one, heard) for one in known}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
