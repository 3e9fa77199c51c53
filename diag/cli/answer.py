"""Hand a diagnosis over: the report to where it was asked for, the exit code to the shell."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diag.cli.exits import exit_code
from diag.cli.settings import Settings
from diag.files import check_writable, write
from diag.logs import place_of
from diag.sentence import say
from diag.subject import InvalidInputError, printable
from reports import FORMATS, render

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.evidence import Evidence

_WIDTH = 80
_NARROWEST, _WIDEST = 40, 100
_MAX_PATH = 200


def width(settings: Settings) -> int:
    """The width of the terminal within reason, and always the same where the report goes to none."""
    if _output(settings) or not sys.stdout.isatty():
        return _WIDTH
    return min(max(shutil.get_terminal_size((_WIDTH, 24)).columns, _NARROWEST), _WIDEST)


def _output(settings: Settings) -> Path | None:
    path = settings.path("output")
    return None if path == Path("-") else path


def check(settings: Settings, language: str, forms: Sequence[str] = FORMATS) -> None:
    """Refuse, with `InvalidInputError` and before anything is examined, what the report could not be written with."""
    settings.choice("format", forms)
    settings.language(language)
    settings.web_address("docs-url")
    _ = settings.verbose
    output, evidence = _output(settings), settings.path("evidence")
    if output is not None and output == evidence:
        raise InvalidInputError(say("--output and --evidence name the same file."))
    for path in (output, evidence):
        if path is not None:
            check_writable(path)


def _save(evidence: "Evidence", path: Path) -> InvalidInputError | None:
    """Save evidence, and return what went wrong: it must not cost the diagnosis."""
    from diag import archive

    try:
        archive.save(evidence, path)
    except InvalidInputError as problem:
        return problem
    except Exception as problem:  # noqa: BLE001 - the report, made already, is still to be handed over
        return InvalidInputError(
            say("{path} cannot be written: {reason}.", path=printable(str(path), _MAX_PATH), reason=place_of(problem))
        )
    return None


def hand_over(report: str, settings: Settings) -> InvalidInputError | None:
    """Put a report where it was asked for, and return what went wrong: a disk that filled up must not cost it."""
    failure, output = None, _output(settings)
    if output is not None:
        try:
            write(output, report.encode(), private=False)
        except InvalidInputError as problem:
            failure, output = problem, None
    if output is None:
        sys.stdout.write(report)
        sys.stdout.flush()
    return failure


def deliver(diagnosis: "Diagnosis", evidence: "Evidence", settings: Settings, language: str) -> int:
    """Save evidence and report as `settings` say; returns the exit code of the diagnosis."""
    saved = settings.path("evidence")
    report = render(
        settings.form(),
        diagnosis,
        evidence,
        language=settings.language(language),
        width=width(settings),
        docs_url=settings.web_address("docs-url"),
        verbose=settings.verbose,
    )
    failure = _save(evidence, saved) if saved is not None else None
    failure = hand_over(report, settings) or failure
    if failure is not None:
        raise failure
    return exit_code(diagnosis)
