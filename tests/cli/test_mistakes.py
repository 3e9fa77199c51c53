"""Wrong usage: one clear sentence, exit code 2, and nothing secret repeated."""

import io
import re
import sys
from pathlib import Path

import pytest

from diag.cli.app import run

MAILBOX = "scanner@contoso.com"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run a command that must be refused, and return its one line on stderr."""
    assert run(arguments, environment or {}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("diag: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a command: scan-to-email, smtp-auth, health, explain, replay, login, logout, setup, lab."),
        (["lab"], "Name a command: list, run, inventory, serve, reset."),
        (["scan"], "no command 'scan'"),
        (["lab", "walk"], "no command 'walk'"),
        (["scan-to-email"], "Give the address of the mailbox"),
        (["replay"], "Give the file with the evidence"),
        (["lab", "run"], "Give the name of a scenario"),
        (["scan-to-email", MAILBOX, "--fixed"], "There is no option --fixed; is --fix meant?"),
        (["scan-to-email", MAILBOX, "--tennant", "x"], "is --tenant meant?"),
        (["scan-to-email", MAILBOX, "--bogus"], "There is no option --bogus.\n"),
        (["scan-to-email", MAILBOX, "--verbos"], "is --verbose meant?"),
        (["scan-to-email", MAILBOX, "--smtp-host", "smtp.office365.com:587"], "give the port with --smtp-port"),
        (["scan-to-email", MAILBOX, "--tenant"], "--tenant needs a value"),
        (["scan-to-email", MAILBOX, "--verbose=1"], "--verbose takes no value"),
        (["scan-to-email", "scanner"], "not a mail address"),
        (["scan-to-email", f" {MAILBOX}"], "not a mail address"),
        (["scan-to-email", MAILBOX, "--format", "html"], "--format takes one of text, json, markdown"),
        (["scan-to-email", MAILBOX, "--lang", "de"], "--lang takes one of en, fr"),
        (["scan-to-email", MAILBOX, "--auth", "password"], "--auth takes one of"),
        (["scan-to-email", MAILBOX, "--cloud", "mars"], "--cloud takes one of"),
        (["scan-to-email", MAILBOX, "--smtp-port", "0"], "0 is not a port number"),
        (["scan-to-email", MAILBOX, "--smtp-port", "99999"], "99999 is not a port number"),
        (["scan-to-email", MAILBOX, "--smtp-port", "5_8"], "--smtp-port takes a number"),
        (["scan-to-email", MAILBOX, "--timeout", "0"], "--timeout takes seconds"),
        (["scan-to-email", MAILBOX, "--timeout", "nan"], "--timeout takes seconds"),
        (["scan-to-email", MAILBOX, "--timeout", "1e9"], "--timeout takes seconds"),
        (["scan-to-email", MAILBOX, "--output", ""], "--output takes the name of a file"),
        (["scan-to-email", MAILBOX, "--output", "same", "--evidence", "same"], "the same file"),
        (["scan-to-email", MAILBOX, "--lab", "nowhere"], "no scenario 'nowhere'"),
        (["scan-to-email", MAILBOX, "--tenant", "not a tenant"], "neither a tenant id nor a domain"),
        (["scan-to-email", MAILBOX, "--auth", "token"], "There is no token"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in complaint(capsys, *arguments)


def test_a_mistake_is_told_in_the_language_of_the_session(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Indiquez l\u2019adresse de la boîte aux lettres" in complaint(
        capsys, "scan-to-email", environment={"LANG": "fr_CA.UTF-8"}
    )
    assert "existe pas" in complaint(capsys, "scan-to-email", "--lang", "fr", "--nope")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token", "hunter2-hunter2"],
        ["--token=hunter2-hunter2"],
        ["--access-token", "hunter2-hunter2"],
        ["--password=hunter2-hunter2"],
        ["--client-secret", "hunter2-hunter2"],
        ["--client_secret=hunter2-hunter2"],
        ["--secret", "hunter2-hunter2"],
        ["--SECRET", "hunter2-hunter2"],
        ["--token-file", JWT],
        ["--tenant", JWT],
        [JWT],
        [f"--scope={JWT}"],
        ["--passwrod=hunter2-hunter2"],
        ["--client-secret-file", "hunter2-hunter2"],
        ["--token-file", "hunter2-hunter2"],
        ["hunter2-hunter2"],
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = complaint(capsys, "scan-to-email", MAILBOX, *arguments)
    assert "hunter2" not in said
    assert "eyJ" not in said


def test_a_mailbox_that_begins_like_a_token_is_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert "neither a tenant" in complaint(capsys, "scan-to-email", "eyJones@contoso.com", "--tenant", "?")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\x00\x01\x02", "binary"),
        (b"\x80\x81", "binary"),
        ("abc".encode("utf-16"), "UTF-16"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
@pytest.mark.parametrize("name", ["a file", "-"])
def test_a_file_that_holds_no_token_is_refused(
    content: bytes,
    said: str,
    name: str,
    *,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    path = str(file) if name == "a file" else "-"
    assert said in complaint(capsys, "scan-to-email", MAILBOX, "--token-file", path)


def test_a_token_file_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read" in complaint(capsys, "scan-to-email", MAILBOX, "--token-file", str(tmp_path / "none"))
    assert "cannot be read" in complaint(capsys, "scan-to-email", MAILBOX, "--token-file", str(tmp_path))


@pytest.mark.parametrize("option", ["--output", "--evidence"])
def test_a_report_that_could_not_be_written_is_refused_before_the_run(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bad in (tmp_path, tmp_path / "none" / "report"):
        said = complaint(capsys, "scan-to-email", MAILBOX, "--lab", "healthy", option, str(bad))
        assert "folder" in said or "cannot be written" in said
    assert list(tmp_path.iterdir()) == []


def test_evidence_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evidence.json"
    for content, said in (
        ("", "not evidence"),
        ("[]", "not evidence"),
        ('{"schema": "other/1"}', "not evidence"),
        ('{"schema": "diag.evidence/9"}', "another version of diag (diag.evidence/9)"),
        ('{"schema": "diag.evidence/1"}', "damaged"),
        ("[" * 100_000, "not evidence"),
        ('{"schema": "diag.evidence/1", "evidence": {"duration_ms": NaN}}', "not evidence"),
        ('{"schema": "diag.evidence/1", "evidence": {"duration_ms": -Infinity}}', "not evidence"),
        ('{"schema": "diag.evidence/1", "evidence": {"steps": [{"at_ms": 1e999}]}}', "not evidence"),
    ):
        file.write_text(content, "utf-8")
        assert said in complaint(capsys, "replay", str(file))
    assert "cannot be read" in complaint(capsys, "replay", str(tmp_path / "none"))


def test_a_log_level_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "DIAG_LOG takes one of" in complaint(capsys, "scan-to-email", MAILBOX, environment={"DIAG_LOG": "chatty"})


@pytest.mark.parametrize("where", ["missing", "folder", "under a file"])
def test_why_a_file_cannot_be_used_is_told_in_the_language_of_the_session(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = {"missing": tmp_path / "none", "folder": tmp_path, "under a file": tmp_path / "file" / "x"}[where]
    for arguments in (["replay", str(path)], ["scan-to-email", MAILBOX, "--token-file", str(path)]):
        said = complaint(capsys, *arguments, "--lang", "fr")
        assert not re.search(r"No such|directory|denied|Errno", said), said


def test_a_line_of_the_settings_file_is_named_in_the_language_of_the_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "diag.toml"
    file.write_text("[scan-to-email]\ntenant = \n", "utf-8")
    assert "(ligne 2)" in complaint(capsys, "scan-to-email", MAILBOX, "--config", str(file), "--lang", "fr")


def test_a_scenario_that_expects_a_cause_there_is_not_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = {en = "x", fr = "y"}\nstory = {en = "x", fr = "y"}\n'
        '[expect]\nverdict = "broken"\ncause = "gremlins"\ncertainty = "proven"\n',
        "utf-8",
    )
    assert "'gremlins'" in complaint(capsys, "lab", "run", str(file))
