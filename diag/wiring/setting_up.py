"""Which applications are wanted, and what an administrator may ask: by the calls there are."""

from diag.adapters.graph_words import PERMISSIONS
from diag.evidence import Claims
from diag.obstacle import NotAnswered
from diag.setup import QUESTIONS, Allowed, Wanted, allowed, wanted


def applications(*, app_only: bool, unattended: bool = False) -> tuple[Wanted, Wanted]:
    """Return the two applications; the administrator's has every permission that a question needs, and no other."""
    reading = {permission for question in QUESTIONS for permission in question.permissions(PERMISSIONS)}
    return wanted(reading, app_only=app_only, unattended=unattended)


def allowed_to_ask(graph: Claims | NotAnswered | None, exchange: Claims | NotAnswered | None) -> tuple[Allowed, ...]:
    """Say of every question whether the tokens of an administrator allow it."""
    return tuple(allowed(PERMISSIONS, graph, exchange))
