"""Where diag cannot read or change the setting itself, it says how a person does."""

from pathlib import Path

import pytest

from diag.cli.app import run
from tests.cli.test_smtp_auth import LAB, MAILBOX, scenario


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def test_microsoft_graph_reads_the_setting_and_says_that_this_is_a_published_contract(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["smtp-auth", "get", MAILBOX, *LAB, "--backend", "graph"], {}) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "What holds for the mailbox off" in out
    assert "Read through graph (a published contract of Microsoft's)" in out


def test_microsoft_graph_does_not_change_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["smtp-auth", "enable", MAILBOX, *LAB, "--backend", "graph", "--yes"], {}) == 1
    assert "cannot be changed through graph, only read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("get", f"  Get-CASMailbox -Identity {MAILBOX} | Format-List SmtpClientAuthenticationDisabled"),
        ("enable", f"  Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $false"),
        ("disable", f"  Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $true"),
        ("inherit", f"  Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $null"),
    ],
)
def test_by_hand_it_is_clicks_and_one_line_to_paste(
    command: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["smtp-auth", command, MAILBOX, "--backend", "manual"], {}) == 3
    out = capsys.readouterr().out
    assert "Microsoft 365 admin center" in out
    assert line in out.splitlines()


def test_an_address_cannot_end_the_line_that_is_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["smtp-auth", "enable", "o'neil@contoso.com", "--backend", "manual"], {}) == 3
    assert "-Identity 'o''neil@contoso.com' -Smtp" in capsys.readouterr().out


@pytest.mark.parametrize("fault", ["gone", "html", "no_role"])
def test_where_asking_again_would_not_help_the_way_by_hand_is_told(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, f'[setting]\nfault = "{fault}"')
    assert run(["smtp-auth", "enable", MAILBOX, "--yes", *lab], {}) == 3
    assert f"  Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $false" in capsys.readouterr().out


def test_an_undo_too_is_a_change_that_has_to_wait_or_be_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["smtp-auth", "enable", MAILBOX, *LAB, "--yes"], {}) == 5
    assert run(["smtp-auth", "inherit", MAILBOX, *LAB, "--yes", "--anyway"], {}) == 5
    assert run(["smtp-auth", "undo", MAILBOX, *LAB, "--yes"], {}) == 1
    assert "run the same again with --anyway" in " ".join(capsys.readouterr().out.split())
