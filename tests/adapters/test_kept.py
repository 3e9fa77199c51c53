"""A sign-in that is kept: encrypted, or not at all."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from msal_extensions import FilePersistence

from diag.adapters.kept import Kept, cache_in, forget, keep, kept_in, system_vault
from diag.subject import InvalidInputError

MINE = Kept(client_id="ad314b1e", authority="https://login.example/contoso.com", account="admin@contoso.com")
CANARY = "refresh-token-CaNaRy"
KEY = Fernet.generate_key()


class Locked(FilePersistence):  # type: ignore[misc] # msal-extensions has no types
    """A place for secrets: a file that is really encrypted."""

    is_encrypted = True

    def save(self, content: str) -> None:
        super().save(Fernet(KEY).encrypt(content.encode()).decode())

    def load(self) -> str:
        return Fernet(KEY).decrypt(super().load().encode()).decode()


def entry(cache: Any) -> None:
    """Put a refresh token into a cache, as msal does after a sign-in."""
    cache.add(
        {
            "client_id": MINE.client_id,
            "scope": ["s"],
            "token_endpoint": "https://login.example/contoso.com/oauth2/v2.0/token",
            "response": {"access_token": "an-access-token", "expires_in": 3600, "refresh_token": CANARY},
        }
    )


def found(cache: Any) -> list[str]:
    return [one["secret"] for one in cache.search(cache.CredentialType.REFRESH_TOKEN)]


def test_what_is_kept_is_there_for_the_next_run_and_nowhere_in_clear(tmp_path: Path) -> None:
    folder = tmp_path / "diag"
    entry(cache_in(folder, Locked))
    keep(folder, MINE)
    assert found(cache_in(folder, Locked)) == [CANARY]
    assert kept_in(folder) == MINE
    assert all(CANARY.encode() not in file.read_bytes() for file in folder.iterdir())
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "sign-in.json").stat().st_mode) == 0o600


def test_a_place_that_does_not_encrypt_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as refused:
        cache_in(tmp_path, FilePersistence)
    assert "no place for secrets" in str(refused.value.sentence)
    assert not (tmp_path / "sign-in.bin").exists()


@pytest.mark.parametrize("problem", [ImportError(CANARY), RuntimeError(CANARY), ValueError(CANARY), OSError()])
def test_a_system_without_one_fails_closed_and_quotes_nothing(problem: Exception, tmp_path: Path) -> None:
    def vault(_: str) -> Any:
        raise problem

    with pytest.raises(InvalidInputError) as refused:
        cache_in(tmp_path, vault)
    assert "no place for secrets" in str(refused.value.sentence)
    assert CANARY not in str(refused.value.sentence)


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems always have a place for secrets")
def test_linux_without_a_secret_service_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(InvalidInputError):
        cache_in(tmp_path / "diag", system_vault)
    assert kept_in(tmp_path / "diag") is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError) as refused:
        cache_in(file / "diag", Locked)
    assert "cannot be kept in" in str(refused.value.sentence)


def test_forgetting_leaves_nothing_and_says_whose_it_was(tmp_path: Path) -> None:
    assert forget(tmp_path, Locked) is None
    entry(cache_in(tmp_path, Locked))
    keep(tmp_path, MINE)
    assert forget(tmp_path, Locked) == MINE
    assert list(tmp_path.iterdir()) == []
    assert forget(tmp_path, Locked) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"client_id": "x"}', "\x00", json.dumps({"a": 1})])
def test_what_is_not_ours_is_no_sign_in(content: str, tmp_path: Path) -> None:
    (tmp_path / "sign-in.json").write_text(content, encoding="utf-8")
    assert kept_in(tmp_path) is None
