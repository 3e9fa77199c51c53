"""What a check concludes from evidence: a closed set of four outcomes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from diag.sentence import Sentence
from diag.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from diag.evidence import Evidence


class Certainty(StrEnum):
    """How sure a suspicion is; proven only where the evidence excludes the other causes."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return _RANKS[self]


_RANKS = {certainty: rank for rank, certainty in enumerate(Certainty)}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A cause, how sure it is, and why."""

    cause: str
    certainty: Certainty
    because: Sentence


def proven(cause: str, because: Sentence) -> Suspicion:
    """Suspect a cause that the evidence leaves alone."""
    return Suspicion(cause, Certainty.PROVEN, because)


def likely(cause: str, because: Sentence) -> Suspicion:
    """Suspect a cause that the evidence prefers."""
    return Suspicion(cause, Certainty.LIKELY, because)


def possible(cause: str, because: Sentence) -> Suspicion:
    """Suspect a cause that the evidence allows."""
    return Suspicion(cause, Certainty.POSSIBLE, because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The answer is yes. `clears` are the causes that this rules out."""

    shown: Sentence
    clears: tuple[str, ...] = ()
    kind: Literal["passed"] = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The answer is no; `suspects` is never empty."""

    shown: Sentence
    suspects: tuple[Suspicion, ...]
    clears: tuple[str, ...] = ()
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The question could not be put, and why."""

    because: Sentence
    kind: Literal["skipped"] = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The check itself failed: a bug of diag, never the subject's fault."""

    error: str
    kind: Literal["broken"] = "broken"


Outcome: TypeAlias = Passed | Failed | Skipped | Broken


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the evidence. `judge` is pure; `stage` says where in the dialogue the question belongs.

    Without an answer to every `essential` check nothing is called healthy. A `timed` check is the one that stands for
    its stage: the time which that stage took is told beside it.
    """

    id: str
    title: Sentence
    stage: Stage
    judge: "Callable[[Evidence], Outcome]"
    essential: bool = False
    timed: bool = False
