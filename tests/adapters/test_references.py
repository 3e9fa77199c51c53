"""A secret is found where a reference says it stands, or a sentence says why not; the secret is in none."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked

from diag.adapters.references import Vault, reveal, system_keyring
from diag.reference import FromFile, FromKeyring, FromVariable, reference
from diag.secret import Secret
from diag.sentence import Sentence

CANARY = "Xy7~canary.secret-42"
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows keeps other users out by access lists")


class Kept:
    """A keyring that holds one secret."""

    def __init__(self, secret: str | None = CANARY) -> None:
        self.secret = secret
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        return self.secret


class Refusing:
    """A keyring that raises, and quotes the secret as it does."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def get_password(self, service: str, username: str) -> str | None:
        raise self.problem


class Chain:
    """A keyring made of several, as the library's own chain is."""

    def __init__(self, *backends: Vault) -> None:
        self.backends = backends

    def get_password(self, service: str, username: str) -> str | None:
        pytest.fail("its links are asked, not the chain")


def revealed(
    text: str,
    *,
    relative_to: Path | None = None,
    environment: Mapping[str, str] | None = None,
    keyring: Callable[[], Vault] = Kept,
    longest_s: float = 30,
) -> Secret | Sentence:
    return asyncio.run(
        reveal(text, relative_to=relative_to, environment=environment or {}, keyring=keyring, longest_s=longest_s)
    )


def secret(found: Secret | Sentence) -> str:
    assert isinstance(found, Secret), found
    return found.reveal()


def because(found: Secret | Sentence) -> str:
    assert isinstance(found, Sentence)
    said = str(found)
    assert CANARY not in said
    assert said.isprintable()
    return said


def owned(path: Path, content: str | bytes = CANARY) -> Path:
    """Write a file that only its owner can read."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o600)
    return path


# --- what is a reference


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("env:SCAN_1", FromVariable("SCAN_1")),
        ("ENV:scan", FromVariable("scan")),
        ("file:a b/c.pem", FromFile("a b/c.pem")),
        ("file:C:\\secrets\\scan.txt", FromFile("C:\\secrets\\scan.txt")),
        ("keyring:diag/scan@contoso.com", FromKeyring("diag", "scan@contoso.com")),
        ("keyring:diag/a/b", FromKeyring("diag", "a/b")),
    ],
)
def test_a_reference_has_three_kinds(text: str, found: object) -> None:
    assert reference(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", "env", "env:", "file:", "file: ", "keyring:", "keyring:diag", "keyring:/x", "keyring:diag/", "vault:x"),
        *(
            CANARY,
            f"env:{CANARY}",
            f"password:{CANARY}",
            "env:1",
            "env:A=B",
            "file:a\0b",
            "file:a\nb",
            " env:A",
            "env:A ",
        ),
    ],
)
def test_everything_else_is_none_and_not_quoted(text: str) -> None:
    assert reference(text) is None
    assert "does not say where a secret stands" in because(revealed(text))


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(["", "env:", "file:", "keyring:", "KeyRing:a/"]))
def test_any_text_is_a_reference_or_none(rest: str, kind: str) -> None:
    match reference(kind + rest):
        case FromVariable(name):
            assert name.isascii()
        case FromFile(path):
            assert path.isprintable()
        case FromKeyring(service, name):
            assert service
            assert name
        case None:
            pass


# --- the environment


def test_a_variable_is_read_from_the_environment_that_was_handed_in() -> None:
    assert secret(revealed("env:SCAN", environment={"SCAN": CANARY})) == CANARY


def test_a_variable_without_a_secret_is_named() -> None:
    assert because(revealed("env:SCAN")) == "The variable SCAN is not set."
    for empty in ("", "  "):
        assert because(revealed("env:SCAN", environment={"SCAN": empty})) == "The variable SCAN is empty."


# --- files


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CANARY, CANARY),
        (f"{CANARY}\n", CANARY),
        (f"{CANARY}\r\n", CANARY),
        (f"\ufeff{CANARY}\n", CANARY),
        (" a \n b \n\n", " a \n b "),
        ("x" * 65_536, "x" * 65_536),
    ],
)
def test_a_file_is_its_text_without_the_end_of_its_last_line(tmp_path: Path, content: str, found: str) -> None:
    owned(tmp_path / "secret", content)
    assert secret(revealed("file:secret", relative_to=tmp_path)) == found


def test_a_path_is_relative_to_the_inventory_or_begins_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owned(tmp_path / "secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert secret(revealed("file:../secret", relative_to=elsewhere)) == CANARY
    assert secret(revealed("file:~/secret", relative_to=elsewhere)) == CANARY
    assert secret(revealed(f"file:{tmp_path / 'secret'}", relative_to=elsewhere)) == CANARY
    monkeypatch.chdir(tmp_path)
    assert secret(revealed("file:secret")) == CANARY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "secret is empty"),
        ("\n\r\n ", "secret is empty"),
        (b"\xff\xfes\0e\0", "secret is UTF-16"),
        (b"\x80\x81", "secret is binary"),
        (b"a\0b", "secret is binary"),
        ("x" * 65_537, "secret is larger than 64 KiB"),
    ],
)
def test_a_file_that_holds_no_secret_is_said(tmp_path: Path, content: str | bytes, said: str) -> None:
    owned(tmp_path / "secret", content)
    assert said in because(revealed("file:secret", relative_to=tmp_path))


@POSIX
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o610])
def test_a_file_that_others_may_touch_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    file = owned(tmp_path / "a secret")
    file.chmod(mode)
    said = because(revealed("file:a secret", relative_to=tmp_path))
    assert "other users" in said
    command = said.partition(": ")[2]
    assert command == f"chmod 600 '{file}'"
    assert os.system(command) == 0  # noqa: S605 - whether the command that was shown really helps
    assert secret(revealed("file:a secret", relative_to=tmp_path)) == CANARY


@POSIX
def test_a_link_is_as_good_as_the_file_behind_it(tmp_path: Path) -> None:
    file = owned(tmp_path / "secret")
    (tmp_path / "link").symlink_to(file)
    assert secret(revealed("file:link", relative_to=tmp_path)) == CANARY
    file.chmod(0o644)
    assert "other users" in because(revealed("file:link", relative_to=tmp_path))


@POSIX
def test_a_pipe_or_device_is_no_file_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a regular file" in because(revealed("file:pipe", relative_to=tmp_path))
    assert "not a regular file" in because(revealed("file:/dev/zero"))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "no such file" in because(revealed("file:none", relative_to=tmp_path))
    assert because(revealed("file:folder", relative_to=tmp_path))
    assert because(revealed(f"file:{'x' * 5000}", relative_to=tmp_path))
    assert because(revealed("file:~nobody-of-this-name/x", relative_to=tmp_path))


# --- the keyring


def test_a_keyring_is_asked_for_the_service_and_the_name() -> None:
    kept = Kept()
    assert secret(revealed("keyring:diag/scan@contoso.com", keyring=lambda: kept)) == CANARY
    assert kept.asked == [("diag", "scan@contoso.com")]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_keyring_without_the_secret_is_said(nothing: str | None) -> None:
    assert because(revealed("keyring:diag/x", keyring=lambda: Kept(nothing))) == "The keyring holds no 'x' of 'diag'."


@pytest.mark.parametrize(
    "problem", [KeyringLocked(CANARY), RuntimeError(CANARY), OSError(CANARY), KeyError(CANARY), TimeoutError(CANARY)]
)
def test_a_keyring_that_refuses_is_said_without_its_words(problem: Exception) -> None:
    said = because(revealed("keyring:diag/x", keyring=lambda: Refusing(problem)))
    assert "does not hand out 'x' of 'diag'" in said
    assert type(problem).__name__ in said


def test_without_the_library_its_extra_is_named() -> None:
    def missing() -> Vault:
        raise ImportError(name="keyring")

    assert "diag's extra 'keyring'" in because(revealed("keyring:diag/x", keyring=missing))


class Clear(Kept):
    """A keyring that keeps secrets in clear, as one of keyrings.alt does."""


Clear.__module__ = "keyrings.alt.file"


NONE: dict[str, Callable[[], Vault]] = {
    "fail": fail.Keyring,
    "null": null.Keyring,
    "in clear": Clear,
    "a chain of none": Chain,
    "a chain of such": lambda: Chain(Clear(), null.Keyring()),  # type: ignore[no-untyped-call] # keyring's own
}


@pytest.mark.parametrize("kind", NONE)
def test_a_keyring_that_keeps_nothing_or_in_clear_is_none(kind: str) -> None:
    assert "no keyring that keeps secrets encrypted" in because(revealed("keyring:diag/x", keyring=NONE[kind]))


def test_of_a_chain_those_that_keep_in_clear_are_not_asked() -> None:
    clear, empty, kept = Clear("in clear"), Kept(None), Kept()
    assert secret(revealed("keyring:diag/x", keyring=lambda: Chain(clear, empty, kept))) == CANARY
    assert (clear.asked, empty.asked, kept.asked) == ([], [("diag", "x")], [("diag", "x")])


def test_the_library_names_the_links_of_its_chain_as_we_do() -> None:
    chain = chainer.ChainerBackend()  # type: ignore[no-untyped-call] # keyring's own
    assert isinstance(chain.backends, list)


def test_the_keyring_is_the_one_that_the_library_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    for chosen, found in ((kept, "Secret"), (NONE["fail"](), "Sentence")):
        monkeypatch.setattr("keyring.core._keyring_backend", chosen)
        assert type(revealed("keyring:diag/x", keyring=system_keyring)).__name__ == found
    assert kept.asked == [("diag", "x")]


def test_a_keyring_that_waits_to_be_unlocked_is_left() -> None:
    unlocked = threading.Event()

    class Waiting(Kept):
        def get_password(self, service: str, username: str) -> str | None:
            unlocked.wait(60)
            return CANARY

    try:
        said = because(revealed("keyring:diag/x", keyring=Waiting, longest_s=0.05))
    finally:
        unlocked.set()
    assert said.startswith("keyring:diag/x did not answer within 0.05 seconds")
