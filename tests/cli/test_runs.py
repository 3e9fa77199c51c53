"""Whole runs against the lab, as a person or a script sees them."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diag import catalogue
from diag.cli.app import run
from diag.cli.exits import exit_code
from diag.diagnosis import Diagnosis, Verdict
from diag.subject import Subject
from tests.reports import cases

MAILBOX = "scanner@contoso.com"


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def _diag(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "diag", *arguments]


def test_authenticated_smtp_switched_off_is_found_and_proven(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan-to-email", MAILBOX, "--lab", "authenticated-smtp-off"], {}) == 1
    out, err = capsys.readouterr()
    assert " ".join(out.split()).startswith(
        "scanner@contoso.com cannot send: Authenticated SMTP is switched off for this mailbox. This is proven."
    )
    assert "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox." in out
    assert out.index("What to do") < out.index("Every step") < out.index("Microsoft's support")
    assert "Sign in as:        scanner@contoso.com" in err
    assert "\x1b" not in out + err
    assert catalogue.load().cause("smtp_auth_disabled_mailbox").explanation.en[:40] in " ".join(out.split())


def test_a_french_session_is_answered_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "run", "authenticated-smtp-off"], {"LC_ALL": "fr_FR.UTF-8"}) == 1
    out, err = capsys.readouterr()
    assert "ne peut pas envoyer" in out
    assert "Connectez-vous comme" in err
    for english in ("passed", "failed", "skipped", "What to do", "Cause:", "cannot"):
        assert english not in out


def test_a_healthy_mailbox_is_called_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "run", "healthy", "--format", "json"], {}) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["causes"]) == ("healthy", [])


def test_evidence_is_judged_again_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, report = tmp_path / "evidence.json", tmp_path / "report.txt"
    target = tmp_path / "somebody elses file"
    target.write_text("precious", "utf-8")
    file.symlink_to(target)
    assert run(["lab", "run", "token-for-graph", "--evidence", str(file), "--output", str(report)], {}) == 1
    assert capsys.readouterr().out == ""
    assert target.read_text("utf-8") == "precious"
    assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(["replay", str(file)], {}) == 1
    replayed = capsys.readouterr().out
    assert _without_times(replayed) == _without_times(report.read_text("utf-8"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evidence.json", "report.txt", "somebody elses file"]
    assert "eyJ" not in file.read_text("utf-8")


def _without_times(report: str) -> list[str]:
    """A report without the times of pure judging, which differ from run to run."""
    return [word for word in report.split() if not word.isdigit()]


def test_a_scenario_is_run_as_written_whatever_is_set_for_the_real_tenant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = {"DIAG_TENANT": "fabrikam.example", "DIAG_TOKEN": "a-real-token", "DIAG_FORMAT": "json"}
    assert run(["lab", "run", "healthy"], environment) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "healthy"


def test_verbose_adds_the_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "run", "token-expired", "--verbose"], {}) == 1
    out, err = capsys.readouterr()
    assert "C: STARTTLS" in out
    assert "Looking up smtp.office365.com ..." in err


def test_the_scenarios_are_listed_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "list"], {}) == run(["lab", "list", "--lang", "fr"], {}) == 0
    lines = capsys.readouterr().out.splitlines()
    half = len(lines) // 2
    assert [line.split()[0] for line in lines[:half]] == [line.split()[0] for line in lines[half:]]
    assert lines[:half] != lines[half:]


@pytest.mark.parametrize(
    ("case", "code"),
    [("switched off", 1), ("several causes", 1), ("healthy", 0), ("without a token", 3), ("broken", 4)],
)
def test_the_exit_code_says_what_the_report_says(case: str, code: int) -> None:
    assert exit_code(cases.CASES[case]()[0]) == code


def test_waiting_and_degraded_have_codes_of_their_own() -> None:
    def ended(verdict: Verdict) -> Diagnosis:
        return Diagnosis(
            diag_version="0",
            subject=Subject(mailbox=MAILBOX, sender=MAILBOX),
            started_at=datetime(2026, 11, 23, tzinfo=UTC),
            duration_ms=0,
            verdict=verdict,
            findings=(),
            judged=(),
        )

    assert (exit_code(ended(Verdict.WAITING)), exit_code(ended(Verdict.DEGRADED))) == (5, 1)


def test_a_bug_of_ours_is_told_without_a_traceback_or_the_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> None:
        secret = "hunter2"
        raise RuntimeError(secret)

    monkeypatch.setattr("diag.catalogue.load", burst)
    assert run(["lab", "run", "token-expired"], {}) == 4
    out, err = capsys.readouterr()
    last = err.splitlines()[-1]
    assert out == ""
    assert last.startswith("diag: diag itself broke (RuntimeError at ")
    assert "test_runs.py:" in last
    assert "hunter2" not in err


def test_output_goes_to_a_device_without_replacing_it() -> None:
    if not Path("/dev/null").is_char_device():
        pytest.skip("there are no device files here")
    assert run(["lab", "run", "token-expired", "--output", "/dev/null"], {}) == 1
    assert Path("/dev/null").is_char_device()


def _scenario(tmp_path: Path, more: str) -> str:
    file = tmp_path / "mine.toml"
    file.write_text(f'title = {{en = "x", fr = "y"}}\nstory = {{en = "x", fr = "y"}}\n{more}', "utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ('verdict = "healthy"', ""),
        ('verdict = "broken"', "diag: The scenario expects: broken; diag found: healthy.\n"),
        (
            'verdict = "healthy"\ncause = "token_expired"\ncertainty = "likely"',
            "diag: The scenario expects: healthy token_expired likely; diag found: healthy.\n",
        ),
    ],
)
def test_what_a_scenario_expects_is_compared_with_what_was_found(
    expect: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "run", _scenario(tmp_path, f"[expect]\n{expect}\n")], {}) == 0
    err = capsys.readouterr().err
    assert err.endswith("\n\n" + said) if said else "expects" not in err


def test_a_sign_in_that_nobody_will_make_is_not_said_to_happen_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = '[device_code]\noutcome = "never"\nlifetime_s = 1\n[expect]\nverdict = "broken"\n'
    assert run(["lab", "run", _scenario(tmp_path, code)], {}) == 1
    assert "by itself" not in capsys.readouterr().err
    assert run(["lab", "run", "healthy"], {}) == 0
    assert "by itself" in capsys.readouterr().err


def test_evidence_that_cannot_be_saved_does_not_cost_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> bytes:
        secret = "hunter2"
        raise RuntimeError(secret)

    monkeypatch.setattr("diag.archive.dump", burst)
    assert run(["lab", "run", "token-expired", "--evidence", str(tmp_path / "evidence")], {}) == 2
    out, err = capsys.readouterr()
    assert "Every step" in out
    assert "cannot be written: RuntimeError at " in err
    assert "hunter2" not in out + err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_stops_reading_is_no_error() -> None:
    for arguments, code in (
        (("lab", "run", "token-expired", "--verbose"), 1),
        (("lab", "list"), 0),
        (("--help",), 0),
        (("--version",), 0),
    ):
        with subprocess.Popen(  # noqa: S603 - our own program
            _diag(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            err = process.stderr.read()
            assert process.wait(60) == code, arguments
        assert b"Error" not in err
        assert b"Traceback" not in err
        assert b"diag:" not in err


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "arguments", [("lab", "list"), ("lab", "run", "token-expired"), ("--help",), ("--version",)], ids=" ".join
)
def test_a_report_that_stdout_does_not_take_is_told_in_one_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(  # noqa: S603 - our own program
            _diag(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=_in_english()
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == ("diag: The report cannot be written to standard output: the disk is full.")
    assert done.stderr.count("diag:") == 1
    assert "Traceback" not in done.stderr


def _in_english() -> dict[str, str]:
    return {**os.environ, "DIAG_LANG": "en"}


@pytest.mark.skipif(os.name == "nt", reason="closing a stream is written for a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&-", "2>&-"])
@pytest.mark.parametrize(("arguments", "code"), [("lab list", 0), ("lab run healthy", 0), ("--bogus", 2)])
def test_closed_streams_are_no_error(arguments: str, code: int, closed: str) -> None:
    done = subprocess.run(  # noqa: S602 - our own program
        f'"$0" -m diag {arguments} {closed}'.replace("$0", sys.executable),
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env=_in_english(),
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp850"])
def test_a_terminal_without_typographic_signs_gets_those_of_a_typewriter(encoding: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        _diag("lab", "run", "token-expired", "--lang", "fr"),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    out = done.stdout.decode(encoding)
    assert done.returncode == 1
    assert "C'est" in out
    assert "peut pas envoyer" in out
    assert "\\u20" not in out
    assert ("\\xe9" in out) is (encoding == "ascii")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    waiting = _scenario(tmp_path, '[device_code]\noutcome = "never"\nlifetime_s = 900\n')
    with subprocess.Popen(  # noqa: S603 - our own program
        _diag("lab", "run", waiting), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_in_english()
    ) as process:
        assert process.stderr is not None
        said = ""
        while "Type this code" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, said + err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_ctrl_c_at_the_question_about_the_browser_ends_quietly_too() -> None:
    import pty

    ours, theirs = pty.openpty()
    said = b""
    with subprocess.Popen(  # noqa: S603 - our own program
        _diag("lab", "run", "device-code-expired"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "LANG": "C.UTF-8", "TERM": "dumb"},
    ) as process:
        os.close(theirs)
        while b"or type what it said" not in said:  # the last line of the question: only then is it asked
            said += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        watchdog = threading.Timer(30, process.kill)  # else a run that does not end would hold all the others
        watchdog.start()
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:  # how Linux tells that the other side of a pseudo-terminal is gone
            pass
        assert process.wait(timeout=30) == 130
        watchdog.cancel()
    os.close(ours)
    assert b"Traceback" not in said
