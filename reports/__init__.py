"""Reports: a diagnosis put into words, one form a file. Pure; a form is imported when it is used."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diag.diagnosis import Diagnosis
    from diag.evidence import Evidence

FORMATS = ("text", "json", "markdown")


def render(  # noqa: PLR0913 - what a report depends on
    form: str, diagnosis: "Diagnosis", evidence: "Evidence", *, language: str, width: int = 80, verbose: bool = False
) -> str:
    """Return the report in one of `FORMATS`, ending in a line break; KeyError for any other.

    `language` is one of `diag.language.supported()`; `width` (columns) matters to text alone; `verbose` adds the
    certificates and the transcript, which JSON leaves to saved evidence.
    """
    match form:
        case "text":
            from reports import text

            return text.render(diagnosis, evidence, language=language, width=width, verbose=verbose)
        case "json":
            from reports import as_json

            return as_json.render(diagnosis, language=language)
        case "markdown":
            from reports import markdown

            return markdown.render(diagnosis, evidence, language=language, verbose=verbose)
        case _:
            raise KeyError(form)
