"""What a lab remembers from one run to the next: the values of the setting that were set, and what was registered."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diag.lab.scenario import Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A value that was set; `effective_at` is in seconds since 1970."""

    mailbox: str
    value: Switch
    effective_at: float


@dataclass(frozen=True, slots=True)
class Memory:
    """A file with the changes, the oldest first, and one beside it with applications; written anew with each change."""

    file: Path

    def registered(self) -> dict[str, dict[str, Any]]:
        """Read what was registered and changed: rows of Microsoft Graph by their id, of each collection."""
        try:
            kept = json.loads(self._registry.read_bytes())
            return {name: dict(kept[name]) for name in ("applications", "servicePrincipals")}
        except (OSError, ValueError, TypeError, KeyError):
            return {"applications": {}, "servicePrincipals": {}}

    def register(self, collection: str, row: dict[str, Any]) -> None:
        """Keep a row as it is now."""
        kept = self.registered()
        kept[collection][row["id"]] = row
        self._write(self._registry, kept)

    @property
    def _registry(self) -> Path:
        return self.file.with_name("applications.json")

    def changes(self) -> list[Remembered]:
        """Read them; a file that cannot be read, or is no such file, holds none."""
        try:
            return [Remembered(**entry) for entry in json.loads(self.file.read_bytes())]
        except (OSError, ValueError, TypeError):
            return []

    def add(self, mailbox: str, value: Switch, delay_s: float) -> None:
        """Add one that is set now, and effective that much later."""
        entries = [*self.changes(), Remembered(mailbox=mailbox, value=value, effective_at=_now_s() + delay_s)]
        rows = [{"mailbox": one.mailbox, "value": one.value, "effective_at": one.effective_at} for one in entries]
        self._write(self.file, rows)

    def _write(self, file: Path, content: object) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(file)

    def due_in_s(self, entry: Remembered) -> float:
        """Seconds until an entry is effective; negative where it is."""
        return entry.effective_at - _now_s()


def _now_s() -> float:
    return datetime.now(UTC).timestamp()
