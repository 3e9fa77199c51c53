"""The log: on stderr, in plain lines, without tracebacks, local variables or secrets."""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from diag.subject import printable

if TYPE_CHECKING:
    from types import TracebackType

    from structlog.typing import EventDict, WrappedLogger

LEVELS = ("debug", "info", "warning", "error")
_MAX_VALUE = 4096


def place_of(problem: BaseException) -> str:
    """Return the type of an exception and where it arose, never its message: that could quote a secret."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    trace: TracebackType | None = problem.__traceback__
    place = "?"
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{'/'.join(code.co_filename.replace(chr(92), '/').split('/')[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(problem).__name__} at {place}"


class _Plain(logging.Handler):
    """What libraries write to the standard log, as one clean line."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__(logging.WARNING)
        self._clean = clean

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; its traceback shrinks to type and place."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text = f"{text} ({place_of(record.exc_info[1])})"
        line = printable(self._clean(text), _MAX_VALUE)
        print(f"{record.levelname.lower()} {record.name}: {line}", file=sys.stderr)  # noqa: T201 - this is the log


def configure(level: str, clean: Callable[[str], str]) -> None:
    """Set structlog and the standard log up; `clean` removes secrets from every text that is written."""
    import structlog

    def without_traceback(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
        match event.pop("exc_info", None):
            case True:
                problem = sys.exc_info()[1]
            case BaseException() as problem:
                pass
            case (_, BaseException() as problem, _):
                pass
            case _:
                problem = None
        if problem is not None:
            event["error"] = place_of(problem)
        event.pop("stack_info", None)
        return event

    def harmless(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
        return {
            key: value if isinstance(value, int | float) else printable(clean(str(value)), _MAX_VALUE)
            for key, value in event.items()
        }

    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_traceback,
            harmless,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [found for found in root.handlers if isinstance(found, _Plain)]:
        root.removeHandler(handler)
    root.addHandler(_Plain(clean))
