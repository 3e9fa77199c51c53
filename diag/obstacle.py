"""A question to an administrator's side of the service that came to nothing, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from diag.sentence import Sentence


class Obstacle(StrEnum):
    """Why there is no answer."""

    NOT_ASKED = "not_asked"
    NOT_FOUND = "not_found"
    NO_TOKEN = "no_token"
    NOT_SIGNED_IN = "not_signed_in"
    NO_PERMISSION = "no_permission"
    NO_ROLE = "no_role"
    NO_LICENCE = "no_licence"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    NOT_SPOKEN = "not_spoken"
    REFUSED = "refused"
    NOT_WRITABLE = "not_writable"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAnswered:
    """A question or a change that came to nothing, and why.

    `missing` names the permission or licence that would have been needed, where that is what was missing.
    `perhaps_done` is true where a change was sent and nobody can say whether it took effect: it is then read, and never
    sent again. `retry_after_s` is what the server asked to wait, in seconds.
    """

    obstacle: Obstacle
    because: Sentence
    missing: str | None = None
    perhaps_done: bool = False
    retry_after_s: float | None = None
    kind: Literal["not_answered"] = "not_answered"
