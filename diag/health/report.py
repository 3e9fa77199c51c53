"""The health report: what a run over many mailboxes found. One model, which every form of the report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median_low

from diag.catalogue.knowledge import Actor
from diag.health.annotations import Mute
from diag.health.past import Change
from diag.health.result import Status
from diag.health.run import Run
from diag.health.scanner import Scanner
from diag.outcome import Certainty
from diag.sentence import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding for one mailbox, or what else is to be told of one: that it is fixed, flaps, or is not known.

    `cause` is empty, and `certainty` None, where no cause stands. Of the items of a mailbox one, its `is_lead`, stands
    for the mailbox: it has the mailbox's own status, and `change` and `since` (when this began, where that is known)
    are of it alone. `mute` is what leaves the finding out of account.
    """

    scanner: Scanner
    status: Status
    cause: str
    certainty: Certainty | None
    because: tuple[Sentence, ...]
    is_lead: bool
    change: Change | None
    since: datetime | None
    last_good: datetime | None
    checked_at: datetime
    trail: str
    flaps: bool
    mute: Mute | None = None

    @property
    def days(self) -> int | None:
        """For how many days it has been so when it was examined: dates are counted (UTC), as runs are nightly."""
        if self.since is None:
            return None
        return max(0, (self.checked_at.astimezone(UTC).date() - self.since.astimezone(UTC).date()).days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The mailboxes that one cause makes what `status` says; `certainty` is the best of theirs.

    `since` is when the oldest began, where any is known; `because` are the first reasons that differ in their words;
    `deadline` is the last day on which the cause does no harm, where that is a known one.
    """

    cause: str
    actor: Actor
    status: Status
    certainty: Certainty
    since: datetime | None
    because: tuple[Sentence, ...]
    tenants: tuple[str, ...]
    sites: tuple[str, ...]
    deadline: date | None
    items: tuple[Item, ...]

    @property
    def mailboxes(self) -> tuple[str, ...]:
        """The mailboxes, in the order of the run, those that are muted last."""
        return tuple(item.scanner.mailbox for item in self.items)

    @property
    def muted(self) -> int:
        """How many of them are muted."""
        return sum(item.mute is not None for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one kind of people has to do."""

    actor: Actor
    groups: tuple[Group, ...]

    @property
    def mailboxes(self) -> int:
        """How many mailboxes wait for them, each counted once, those not that are muted."""
        return len({item.scanner.key for group in self.groups for item in group.items if item.mute is None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Mailboxes of which nobody knows how they are, for one reason: `because` is that of the first, if there is one."""

    because: Sentence | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An annotation whose last day has passed, and how many findings count again for that."""

    mute: Mute
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """What a run found, and how that differs from the run before, if there was one.

    `counts` has every mailbox by its worst status, and `before_counts` the same of the run before. `muted` are those of
    `counts` that only muted findings make so; `unmuted` counts each mailbox by the worst that is not muted, and those
    not at all of which everything is. `groups` are the causes and `unclear` what is not known, the worst and then the
    most frequent first; together they have every item that is not healthy. `gone` are mailboxes that only the run
    before had; `unmatched` are annotations that no finding fits. `unexamined` are mailboxes for which nobody was asked.
    """

    run: Run
    before: Run | None
    made_at: datetime
    counts: Mapping[Status, int]
    before_counts: Mapping[Status, int] | None
    muted: Mapping[Status, int]
    unmuted: Mapping[Status, int]
    groups: tuple[Group, ...]
    unclear: tuple[Unclear, ...]
    items: tuple[Item, ...]
    gone: tuple[Scanner, ...]
    ended: tuple[Ended, ...]
    unmatched: tuple[Mute, ...]
    unexamined: int = 0

    @property
    def total(self) -> int:
        """How many mailboxes the run has."""
        return sum(self.counts.values())

    @property
    def examined(self) -> int:
        """How many of them were examined: not those of a tenant that was left early, nor those that nobody could."""
        left = sum(stopped.left for stopped in self.run.notes.stopped)
        return max(0, self.total - max(left, self.unexamined))

    @property
    def worst(self) -> Status:
        """The worst status that is not muted; without any mailbox nobody knows."""
        if not self.total:
            return Status.INCONCLUSIVE
        return next((status for status in Status if self.unmuted[status]), Status.HEALTHY)

    def changed(self, change: Change) -> tuple[Item, ...]:
        """Return the mailboxes with this change, but for muted ones; in a first run nothing has changed."""
        if self.before is None:
            return ()
        return tuple(item for item in self.items if item.is_lead and item.change is change and item.mute is None)

    @property
    def flapping(self) -> tuple[Item, ...]:
        """The mailboxes that turn between sending and not, again and again."""
        return tuple(item for item in self.items if item.is_lead and item.flaps and item.mute is None)

    @property
    def median_days(self) -> int | None:
        """For how many days what is still wrong has been so, half of it longer; None where nothing is."""
        days = [item.days for item in self.changed(Change.STILL) if item.days is not None]
        return median_low(days) if days else None

    @property
    def has_news(self) -> bool:
        """Whether anything is different from the run before; a first run is news."""
        told = (Change.NEW, Change.OTHER, Change.FIXED)
        return self.before is None or bool(self.gone) or any(self.changed(change) for change in told)

    @property
    def muted_items(self) -> tuple[Item, ...]:
        """The findings that are muted."""
        return tuple(item for item in self.items if item.mute is not None)

    @property
    def by_actor(self) -> tuple[Share, ...]:
        """The groups by who has to act, those first who have the worst to do; what is muted whole is left out."""
        shares: dict[Actor, list[Group]] = {}
        for group in self.groups:
            if group.muted < len(group.items):
                shares.setdefault(group.actor, []).append(group)
        return tuple(Share(actor=actor, groups=tuple(groups)) for actor, groups in shares.items())
