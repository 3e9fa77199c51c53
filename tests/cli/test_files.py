import os
import stat
from pathlib import Path

import pytest

from diag.files import check_writable, write
from diag.subject import InvalidInputError


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "report"
    check_writable(file)
    assert list(tmp_path.iterdir()) == []
    for content in (b"first", b"second\r\n"):
        write(file, content, private=False)
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_private_file_is_its_owners_alone_even_where_it_was_open_before(tmp_path: Path) -> None:
    file = tmp_path / "evidence"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write(file, b"new", private=True)
    assert _mode(file) == 0o600


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("symbolic links are not allowed here")
    write(link, b"report", private=True)
    assert (target.read_bytes(), link.read_bytes(), link.is_symlink()) == (b"precious", b"report", False)


@pytest.mark.parametrize("where", ["folder", "no such folder", "under a file"])
def test_a_place_that_takes_no_file_is_refused(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = {"folder": tmp_path, "no such folder": tmp_path / "x" / "y", "under a file": tmp_path / "file" / "y"}[where]
    with pytest.raises(InvalidInputError):
        check_writable(path)
    with pytest.raises(InvalidInputError):
        write(path, b"x", private=False)
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="there are no device files here")
def test_a_device_is_written_to_and_not_replaced() -> None:
    check_writable(Path("/dev/null"))
    write(Path("/dev/null"), b"x", private=False)
    assert Path("/dev/null").is_char_device()
