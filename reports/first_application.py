"""How the very first application is made by hand, for a terminal."""

from diag.language import Translate
from diag.setup.by_hand import WHY, steps
from reports.page import Page
from reports.wording import told


def render(tenant: str | None, translate: Translate, width: int) -> str:
    """Return the clicks, numbered."""
    page = Page(width, translate)
    page.paragraph(told(WHY, translate), "")
    page.lines.append("")
    for number, step in enumerate(steps(tenant), 1):
        page.paragraph(told(step, translate), f"  {number}. ")
    return "\n".join(page.lines) + "\n"
