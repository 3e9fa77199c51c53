import io
import sys

import pytest

from diag.cli.terminal import Terminal
from diag.evidence import BrowserShowed, Page
from diag.language import translator
from diag.secret import Secret
from diag.sentence import say


class Screen(io.StringIO):
    """A stream that a person sits in front of."""

    def isatty(self) -> bool:
        return True


def test_a_code_is_shown_with_its_page_its_account_and_its_lifetime(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(str, account="scanner@contoso.com") as person:
        person.show_code(Secret("ABCD-EFGH"), "https://microsoft.com/devicelogin", 900)
    out, err = capsys.readouterr()
    assert out == ""
    for part in ("ABCD-EFGH", "https://microsoft.com/devicelogin", "scanner@contoso.com", "15 minutes"):
        assert part in err


def test_a_short_lifetime_is_told_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    person = Terminal(translator("fr"))
    person.show_code(Secret("A"), "https://x.example", 3)
    person.show_code(Secret("A"), "https://x.example", 60)
    err = capsys.readouterr().err
    assert "3 secondes" in err
    assert "1 minute." in err
    assert "pas avec le vôtre" in err


def test_a_hostile_page_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(str).show_code(Secret("\x1b[2J"), "https://x.example/\u202e", 60)
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\u202e" not in err


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(str).progress(say("Looking up {host}", host="a.example"))
    assert capsys.readouterr().err == ""
    Terminal(str, verbose=True).progress(say("Looking up {host}", host="a.example"))
    assert capsys.readouterr().err == "Looking up a.example ...\n"


def test_progress_moves_on_a_terminal_and_leaves_it_for_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Terminal(str) as person:
        person.progress(say("Looking up {host}", host="[bold]a.example"))
        person.progress(say("Talking to {host}", host="a.example"))
        person.show_code(Secret("ABCD"), "https://x.example", 900)
    assert "ABCD" in screen.getvalue()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1\n", BrowserShowed(page=Page.SECOND_PROOF)),
        ("3\n", BrowserShowed(page=Page.BLOCKED)),
        ("6\n", None),
        ("0\n99\n1\n", None),
        ("6\n3\n", BrowserShowed(page=Page.BLOCKED)),
        ("6\nit was blue\n", BrowserShowed(page=Page.OTHER, words="it was blue")),
        ("7\n\n", None),
        ("AADSTS53003\n", BrowserShowed(page=Page.OTHER, words="AADSTS53003")),
        ("\n", None),
        ("", None),
    ],
)
def test_what_the_browser_showed_is_asked_with_numbered_choices(
    typed: str, told: BrowserShowed | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdin", Screen(typed))
    monkeypatch.setattr(sys, "stderr", screen)
    assert Terminal(translator("fr")).browser_showed() == told
    assert "un administrateur doit approuver" in screen.getvalue()
    asked_again = typed[:1] in ("6", "0", "7")
    assert screen.getvalue().count("\n> ") + screen.getvalue().count(".> ") == 1 + asked_again


def test_nobody_is_asked_where_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    assert Terminal(str).browser_showed() is None
