"""An administrator signs in and out."""

from pathlib import Path

import pytest

from diag.cli.app import run

ADMIN_APP = "ad314b1e-0000-4d1a-9f00-0123456789ab"


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def test_an_administrator_signs_in_with_a_code_and_sees_what_that_allows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--lab", "healthy"], {}) == 0
    captured = capsys.readouterr()
    out = " ".join(captured.out.split())
    assert out.startswith("Signed in as admin@contoso.com, in the tenant 11111111-2222-4333-8444-555555555555.")
    assert "Exchange Online: Exchange.Manage." in out
    assert "User.Read.All" in out
    assert "The sign-in is not kept" in out
    assert "An administrator must sign in now:" in captured.err
    assert "Sign in as an administrator, not as the scanner." in captured.err
    assert max(map(len, captured.out.splitlines())) <= 80


def test_it_is_told_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--lab", "healthy"], {"LANG": "fr_FR.UTF-8"}) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Connecté comme admin@contoso.com")
    assert "Un administrateur doit se connecter maintenant" in captured.err


def test_a_sign_in_of_its_own_reads_the_setting_too(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["smtp-auth", "get", "scanner@contoso.com", "--lab", "authenticated-smtp-off"]
    assert run([*asked, "--admin-client-id", ADMIN_APP], {}) == 0
    captured = capsys.readouterr()
    assert "What holds for the mailbox  off" in captured.out
    assert "An administrator must sign in now:" in captured.err


def test_the_device_and_the_administrator_sign_in_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["scan-to-email", "scanner@contoso.com", "--lab", "authenticated-smtp-off"]
    assert run([*asked, "--admin-client-id", ADMIN_APP], {}) == 1
    err = capsys.readouterr().err
    assert err.index("An administrator must sign in now:") < err.index("as the device would")
    assert err.count("Type this code:") == 2


def test_an_application_that_is_not_known_is_refused_in_the_services_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--lab", "healthy", "--admin-client-id", "00000000-nobody"], {}) == 1
    assert "AADSTS700016" in capsys.readouterr().err


def test_what_is_missing_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login"], {}) == 2
    assert "--tenant contoso.com" in capsys.readouterr().err
    assert run(["login", "--tenant", "contoso.com"], {}) == 2
    assert "--admin-client-id ID" in capsys.readouterr().err
    assert run(["login", "--lab", "healthy", "--keep"], {}) == 2
    assert "not kept" in capsys.readouterr().err


def test_signing_out_without_a_sign_in_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logout"], {}) == 0
    assert capsys.readouterr().out == "No sign-in was kept.\n"
