"""Which permission each question to the directory, and to the setting, needs, and whether an administrator has it."""

from collections.abc import Iterator
from dataclasses import dataclass

from diag.language import Translate
from diag.obstacle import NotAnswered
from diag.sentence import Sentence, say
from diag.setup import Allowed
from reports.page import INDENT, Page
from reports.wording import told

STATES = {"there": say("there"), "missing": say("MISSING"), "unknown": say("not known")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What was compared; `account` is who signed in, `refusals` are why there is no token for a service."""

    rows: tuple[Allowed, ...]
    account: str
    refusals: tuple[NotAnswered, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The permissions that are missing, each once."""
        return tuple(dict.fromkeys(row.permission for row in self.rows if row.state == "missing"))


def sentences(found: Permissions) -> Iterator[Sentence]:
    """Yield what is said below the table."""
    for one in found.refusals:
        yield say("No token: {why}", why=one.because)
    if found.missing:
        yield say(
            "Missing: {permissions}. 'diag setup' adds them to the application {name}; an administrator then consents "
            "to them once, and signs in anew.",
            permissions=", ".join(found.missing),
            name="diag administrator",
        )
    elif any(row.state == "unknown" for row in found.rows):
        unread = say("The token cannot be read, so it is not known what it allows.")
        yield say("Nobody is signed in, so it is not known what is allowed.") if found.refusals else unread
    else:
        yield say("Nothing is missing: every question can be asked, as far as permissions go.")
        if any(row.permission == "Exchange.Manage" for row in found.rows):
            yield say(
                "What kind a mailbox is, Microsoft Graph tells a person of the own mailbox only: of all others, an"
                " application that signs in by itself."
            )


def render(found: Permissions, translate: Translate, width: int) -> str:
    """Return it for a terminal: a line for each question and permission, and below it what the answer is for."""
    page = Page(width, translate)
    titles = [page.word(row.question.title) for row in found.rows]
    widest, longest = max(map(len, titles)), max(len(row.permission) for row in found.rows)
    for title, row in zip(titles, found.rows, strict=True):
        page.lines.append(f"{title:<{widest}}  {row.permission:<{longest}}  {page.word(STATES[row.state])}")
        page.paragraph(told(row.question.use, translate), INDENT)
    page.lines.append("")
    for sentence in sentences(found):
        page.paragraph(told(sentence, translate), "")
    return "\n".join(page.lines) + "\n"
