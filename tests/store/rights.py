"""Fewer rights than root has, for as long as a block lasts."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@contextlib.contextmanager
def powerless() -> Iterator[Path]:
    """A folder, and for as long as the block lasts no more rights than anybody has: root may do all."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        Path(folder).chmod(0o755)
        inner = Path(folder) / "inner"
        inner.mkdir()
        if root:
            os.chown(inner, 65534, 65534)
        yield inner
        inner.chmod(0o755)


@contextlib.contextmanager
def as_anybody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
