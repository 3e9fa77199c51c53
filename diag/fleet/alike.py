"""Whether the mailboxes of a tenant fail alike, so that examining the rest of them would tell nothing new."""

from dataclasses import dataclass, field

from diag.catalogue import Catalogue
from diag.health.result import Result, Status
from diag.health.run import Stopped
from diag.outcome import Certainty
from diag.stage import Stage

# At AUTH a server speaks of the one mailbox; these are its words about the whole organisation.
_OF_THE_ORGANISATION = frozenset({"smtp_auth_disabled_tenant", "security_defaults", "org_config_blocks_auth"})


@dataclass(slots=True)
class _Row:
    tenant: str
    cause: str = ""
    alike: int = 0
    stopped: bool = False
    left: int = 0


@dataclass(slots=True)
class Alike:
    """Counts failures in a row with one cause, by what the mailboxes share (`Ground.lane`); `most` of 0 counts none.

    Only causes count that cannot be one mailbox's own: whatever shows before AUTH (the sign-in only where
    mailboxes have one application between them), and the organisation's switches.
    """

    most: int
    catalogue: Catalogue
    _rows: dict[str, _Row] = field(default_factory=dict)

    def stopped(self, lane: str) -> bool:
        """Whether the mailboxes of a lane are not examined any more."""
        row = self._rows.get(lane)
        return row is not None and row.stopped

    def leave(self, lane: str) -> None:
        """Note a mailbox that was not examined for that."""
        self._rows[lane].left += 1

    def saw(self, lane: str, result: Result) -> None:
        """Count a result."""
        if not self.most:
            return
        row = self._rows.setdefault(lane, _Row(result.scanner.realm))
        cause = result.cause if self._is_shared(result) else ""
        row.alike = row.alike + 1 if cause and cause == row.cause else int(bool(cause))
        row.cause = cause
        row.stopped = row.stopped or row.alike >= self.most

    def _is_shared(self, result: Result) -> bool:
        if result.status is not Status.BROKEN or result.found[0].certainty is Certainty.POSSIBLE:
            return False
        own = Stage.SIGN_IN if result.scanner.credential else Stage.AUTH
        stage = self.catalogue.cause(result.cause).stage
        return result.cause in _OF_THE_ORGANISATION or stage.order < own.order

    @property
    def all(self) -> tuple[Stopped, ...]:
        """The lanes that were left early."""
        return tuple(
            Stopped(tenant=row.tenant, cause=row.cause, alike=row.alike, left=row.left)
            for row in self._rows.values()
            if row.stopped
        )
