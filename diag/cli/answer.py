"""Hand a diagnosis over: the report to where it was asked for, the exit code to the shell."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from diag.cli.exits import exit_code
from diag.cli.settings import Settings
from diag.files import check_writable, write
from diag.sentence import say
from diag.subject import InvalidInputError
from reports import render

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.evidence import Evidence

_WIDTH = 80
_NARROWEST, _WIDEST = 40, 100


def _width() -> int:
    """The width of the terminal within reason, and always the same where there is none."""
    if not sys.stdout.isatty():
        return _WIDTH
    return min(max(shutil.get_terminal_size((_WIDTH, 24)).columns, _NARROWEST), _WIDEST)


def _output(settings: Settings) -> Path | None:
    path = settings.path("output")
    return None if path == Path("-") else path


def check(settings: Settings, language: str) -> None:
    """Refuse, with `InvalidInputError` and before anything is examined, what the report could not be written with."""
    settings.form()
    settings.language(language)
    _ = settings.verbose
    output, evidence = _output(settings), settings.path("evidence")
    if output is not None and output == evidence:
        raise InvalidInputError(say("--output and --evidence name the same file."))
    for path in (output, evidence):
        if path is not None:
            check_writable(path)


def _print(report: str) -> None:
    try:
        sys.stdout.write(report)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # whoever read it has read enough; `main` closes the stream


def deliver(diagnosis: "Diagnosis", evidence: "Evidence", settings: Settings, language: str) -> int:
    """Save evidence and report as `settings` say; returns the exit code of the diagnosis."""
    saved, output = settings.path("evidence"), _output(settings)
    report = render(
        settings.form(),
        diagnosis,
        evidence,
        language=settings.language(language),
        width=_WIDTH if output else _width(),
        verbose=settings.verbose,
    )
    try:
        if saved is not None:
            from diag import archive

            archive.save(evidence, saved)
        if output is not None:
            write(output, report.encode(), private=False)
    except InvalidInputError:
        _print(report)  # a disk that filled up meanwhile must not cost the diagnosis
        raise
    if output is None:
        _print(report)
    return exit_code(diagnosis)
