"""Inventories for the tests: written to a file, and read to the end."""

from dataclasses import dataclass, field
from pathlib import Path

from diag.fleet.inventory import Duplicate, read
from diag.health.run import BadRow
from diag.health.scanner import Scanner
from diag.sentence import Sentence


@dataclass
class Reading:
    """What came out of an inventory."""

    rows: list[Scanner | BadRow | Duplicate]
    told: list[Sentence] = field(default_factory=list)

    @property
    def scanners(self) -> list[Scanner]:
        return [row for row in self.rows if isinstance(row, Scanner)]

    @property
    def mailboxes(self) -> list[str]:
        return [scanner.mailbox for scanner in self.scanners]

    @property
    def bad(self) -> dict[int, str]:
        """Why each bad row is bad, by its line."""
        return {row.line: str(row.because) for row in self.rows if isinstance(row, BadRow)}

    @property
    def duplicates(self) -> list[Duplicate]:
        return [row for row in self.rows if isinstance(row, Duplicate)]


def reading(path: Path) -> Reading:
    """Read a file to its end."""
    told: list[Sentence] = []
    return Reading(list(read(path, told.append)), told)


def written(folder: Path, content: str | bytes, name: str = "scanners.csv") -> Path:
    """Put an inventory into a folder, byte for byte."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
