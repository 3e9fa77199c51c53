"""Where everything about a cause stands: in the documentation, and in what `diag explain` tells."""

from diag import catalogue


def page(cause_id: str, language: str) -> str:
    """Return the place of a cause in the documentation, below docs/."""
    folder = "" if language == "en" else f"{language}/"
    return f"{folder}causes/{catalogue.load().group(cause_id)}.md#{cause_id}"


def address(cause_id: str, language: str, docs_url: str | None) -> str:
    """Return the place of a cause in the documentation; with `docs_url`, which ends in a slash, on the web."""
    return f"{docs_url or ''}{page(cause_id, language)}"


def more(cause_id: str, language: str, docs_url: str | None) -> str:
    """Return where a person reads more: the web page, or the command where no page was named."""
    return address(cause_id, language, docs_url) if docs_url else f"diag explain {cause_id}"
