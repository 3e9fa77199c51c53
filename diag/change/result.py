"""What came of a change: a closed set, of values."""

from dataclasses import dataclass
from typing import TypeAlias

from diag.change.plan import Nothing
from diag.obstacle import NotAnswered
from diag.sentence import Sentence
from diag.setting import Change, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The setting was changed and read back. It need not be effective yet.

    `unrecorded` says why the ledger holds no more than the intent; the next run closes it. The same in the others.
    """

    change: Change
    setting: Setting
    shown: Sentence
    warnings: tuple[str, ...] = ()
    unrecorded: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """The change was sent and did not take hold. `setting` is None where it could not be read back.

    `perhaps_later` is true where the server did not refuse it, so that it may still arrive.
    """

    change: Change
    setting: Setting | None
    because: Sentence
    perhaps_later: bool
    retry_after_s: float | None = None
    unrecorded: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """Read back, the setting had a third value: somebody else changed it at the same time."""

    change: Change
    setting: Setting
    because: Sentence
    unrecorded: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """The change was sent, and nobody knows what came of it: it could not be read back. The next run looks."""

    change: Change
    because: Sentence
    retry_after_s: float | None = None
    unrecorded: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """diag did not send anything, and why. `other` is the change that stands in the way, where one does."""

    because: Sentence
    setting: Setting
    other: Change | None = None


Result: TypeAlias = Changed | Nothing | NotDone | Overtaken | Unsettled | Refused | NotAnswered
"""What came of a change; `NotAnswered` where the setting could not even be read, so that nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The setting as it was read, the changes that were closed by it, and those another run may still be at."""

    setting: Setting
    closed: tuple[Change, ...]
    under_way: tuple[Change, ...]
