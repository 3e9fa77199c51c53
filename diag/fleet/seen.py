"""Which mailboxes came before: 16 bytes each, so that an inventory of any size is read in little memory."""

from array import array
from hashlib import blake2b

_FULL = 0.8  # from here on the table is doubled: more would make the way to a free place long


class Seen:
    """A table of hashes with open addressing, and where each mailbox stood first.

    Sixty-four bits are enough: among 100,000 mailboxes two alike are less likely than a fault of the memory itself.
    """

    def __init__(self) -> None:
        self._hashes = array("Q", [0]) * 1024
        self._places = array("Q", [0]) * 1024
        self._count = 0

    def first(self, key: str, place: int) -> int | None:
        """Return where `key` was seen first; None where that is here, at `place`."""
        hashed = int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1
        at = self._at(hashed)
        if self._hashes[at]:
            return self._places[at]
        self._hashes[at], self._places[at] = hashed, place
        self._count += 1
        if self._count > _FULL * len(self._hashes):
            self._double()
        return None

    def _at(self, hashed: int) -> int:
        """Where a hash stands, or would; 0 is a free place."""
        at, last = hashed & (len(self._hashes) - 1), len(self._hashes) - 1
        while self._hashes[at] not in {0, hashed}:
            at = (at + 1) & last
        return at

    def _double(self) -> None:
        hashes, places = self._hashes, self._places
        self._hashes, self._places = (array("Q", [0]) * (2 * len(hashes)) for _ in range(2))
        for hashed, place in zip(hashes, places, strict=True):
            if hashed:
                at = self._at(hashed)
                self._hashes[at], self._places[at] = hashed, place
