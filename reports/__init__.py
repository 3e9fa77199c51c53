"""Reports: what was found, put into words, one form a file. Pure; a form is imported when it is used."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.evidence import Evidence
    from diag.explanation import Explanation
    from diag.health.report import HealthReport

FORMATS = ("text", "json", "markdown")
HEALTH_FORMATS = ("text", "json", "csv", "markdown")


def render(  # noqa: PLR0913 - what a report depends on
    form: str,
    diagnosis: "Diagnosis",
    evidence: "Evidence",
    *,
    language: str,
    width: int = 80,
    docs_url: str | None = None,
    verbose: bool = False,
) -> str:
    """Return the report of a diagnosis in one of `FORMATS`, ending in a line break; KeyError for any other.

    `language` is one of `diag.language.supported()`; `width` (columns) matters to text alone; `docs_url` is where the
    documentation is published, with a slash at its end; `verbose` adds the certificates and the transcript, which JSON
    leaves to saved evidence.
    """
    match form:
        case "text":
            from reports import text

            return text.render(diagnosis, evidence, language=language, width=width, docs_url=docs_url, verbose=verbose)
        case "json":
            from reports import as_json

            return as_json.render(diagnosis, evidence, language=language, docs_url=docs_url)
        case "markdown":
            from reports import markdown

            return markdown.render(diagnosis, evidence, language=language, docs_url=docs_url, verbose=verbose)
        case _:
            raise KeyError(form)


def render_explanation(  # noqa: PLR0913 - the same
    form: str,
    explanation: "Explanation",
    *,
    version: str,
    language: str,
    width: int = 80,
    docs_url: str | None = None,
) -> str:
    """Return an explanation, as `render` does a diagnosis; `version` is that of diag, which programs are told."""
    match form:
        case "text":
            from reports import explanation_text

            return explanation_text.render(explanation, language=language, width=width, docs_url=docs_url)
        case "json":
            from reports import explanation_json

            return explanation_json.render(explanation, version=version, language=language, docs_url=docs_url)
        case "markdown":
            from reports import explanation_markdown

            return explanation_markdown.render(explanation, language=language, docs_url=docs_url)
        case _:
            raise KeyError(form)


def render_health(  # noqa: PLR0913 - the same
    form: str,
    report: "HealthReport",
    *,
    language: str,
    width: int = 80,
    docs_url: str | None = None,
    where: str | None = None,
) -> str:
    """Return a health report in one of `HEALTH_FORMATS`, as `render` does a diagnosis.

    `where` is the address or path of the full report, which the message in Markdown points to. CSV brings its own ends
    of lines, which are to be written as they are.
    """
    match form:
        case "text":
            from reports import health_text

            return health_text.render(report, language=language, width=width, docs_url=docs_url)
        case "json":
            from reports import health_json

            return health_json.render(report, language=language, docs_url=docs_url)
        case "csv":
            from reports import health_csv

            return health_csv.render(report, language=language)
        case "markdown":
            from reports import health_markdown

            return health_markdown.render(report, language=language, docs_url=docs_url, where=where)
        case _:
            raise KeyError(form)
