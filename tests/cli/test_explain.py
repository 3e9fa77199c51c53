"""`diag explain` as a person or a script calls it."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diag.catalogue import load
from diag.cli.app import run
from diag.language import supported

OFF = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
BARE = "535 5.7.3 Authentication unsuccessful"
HEALTHY = "250 2.0.0 OK"
UNKNOWN = "554 5.9.99 the moon is in the wrong house"
ENGLISH = re.compile(
    r"\b(the|and|with|where|this|what|which|line|lines|more|unknown|cause:|how|first|tell|steps|findings|source:"
    r"|page:|server|device|mailbox|likely|proven|read|does|not)\b",
    re.IGNORECASE,
)
Printed = tuple[int, str, str]
Explain = Callable[..., Printed]


class Screen(io.StringIO):
    """A stream that a person sits in front of."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Explain:
    """Run `diag explain`, in a folder of its own; `stdin` is what is piped into it, None a terminal."""
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str, stdin: bytes | None = b"", **environment: str) -> Printed:
        monkeypatch.setattr(sys, "stdin", Screen() if stdin is None else io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(["explain", *arguments], environment)
        return (code, *capsys.readouterr())

    return called


def _json(printed: Printed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed[1])
    return found


def _causes(printed: Printed) -> list[str]:
    return [cause["id"] for cause in _json(printed)["causes"]]


def _complaint(printed: Printed) -> str:
    code, out, err = printed
    assert (code, out) == (2, "")
    assert err.startswith("diag: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (OFF, 1),
        (BARE, 1),
        ("AADSTS50126", 1),
        ("0x54", 1),
        (f"{UNKNOWN}\n{OFF}", 1),
        (HEALTHY, 0),
        ("Sending OK", 0),
        ("0x50", 0),
        ("smtp_auth_disabled_mailbox", 0),
        ("good morning", 0),
        (UNKNOWN, 3),
        ("AADSTS9999999", 3),
        (f"{HEALTHY}\n{UNKNOWN}", 3),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_exit_code_says_whether_something_is_accused(text: str, code: int, form: str, explain: Explain) -> None:
    ended, out, err = explain("--file", "-", "--format", form, stdin=text.encode())
    assert (ended, err) == (code, "")
    assert out.endswith("\n")


def test_quotes_around_the_text_may_be_forgotten(explain: Explain) -> None:
    quoted = explain(OFF)
    assert quoted == explain(*OFF.split())
    assert quoted[1].startswith("Cause: Authenticated SMTP is switched off for the organisation")


@pytest.mark.parametrize("before", ["- ", "-> ", "--- ", "-535-", "--lang x "])
def test_a_line_that_begins_with_a_dash_is_text(before: str, explain: Explain) -> None:
    assert explain(f"{before}S: {OFF}", "--lang", "en")[1].startswith("Cause: Authenticated SMTP is switched off")


def test_a_mistyped_option_is_no_text(explain: Explain) -> None:
    assert "is --vendor meant?" in _complaint(explain(BARE, "--vendr", "canon"))
    assert "There is no option -v" in _complaint(explain("-v", BARE))


def test_the_text_comes_from_the_line_a_file_or_stdin(explain: Explain, tmp_path: Path) -> None:
    file = tmp_path / "my scan.log"
    file.write_text(f"{HEALTHY}\n{OFF}\n", "utf-8")
    content = file.read_bytes()
    expected = explain("--file", str(file))
    assert " Line 2:\n" in expected[1]
    for arguments, stdin in (
        ((str(file),), b""),
        (("my scan.log",), b""),
        (("-",), content),
        (("--file", "-"), content),
        ((), content),
    ):
        assert explain(*arguments, stdin=stdin) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"])
def test_a_log_is_read_in_whichever_encoding_windows_saved_it(encoding: str, explain: Explain) -> None:
    content = f"Échec à l\u2019envoi\r\n{OFF}\r\n".encode(encoding)
    printed = explain("-", "--format", "json", stdin=content)
    (finding,) = _json(printed)["findings"]
    assert (finding["line"], finding["text"]) == (2, OFF)


def test_bytes_that_are_no_text_do_no_harm(explain: Explain) -> None:
    printed = explain("-", "--format", "json", stdin=bytes(range(256)) + b"\n" + OFF.encode().replace(b" ", b"\0 "))
    assert _causes(printed) == ["smtp_auth_disabled_tenant"]


def test_lines_are_counted_as_an_editor_counts_them(explain: Explain) -> None:
    content = f"one\x0cpage\x1c\u2028still one\n{OFF}\n"
    assert _json(explain("-", "--format", "json", stdin=content.encode()))["findings"][0]["line"] == 2


@pytest.mark.parametrize("stdin", [None, b"", b" \r\n"])
def test_without_a_text_it_is_asked_for(stdin: bytes | None, explain: Explain) -> None:
    assert _complaint(explain(stdin=stdin)).startswith("diag: Give the text to explain")
    assert _complaint(explain(" ", stdin=stdin)).startswith("diag: Give the text to explain")


def test_a_log_that_holds_nothing_accuses_nobody(explain: Explain, tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_bytes(b"")
    assert explain("empty.log")[0] == explain("-")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--file", "none.log"], "none.log cannot be read: there is no such file or folder."),
        (["--file", "."], "cannot be read"),
        (["none.log"], "There is no file none.log."),
        (["logs/scan"], "There is no file logs/scan."),
        (["x", "--file", "y"], "Give either a text or --file, not both."),
        (["x", "--vendor", "Acme"], "Brother, Oki, Sharp"),
        (["x", "--sign-in", "ntlm"], "--sign-in takes one of password, oauth, not 'ntlm'."),
        (["x", "--account", "me"], "--account takes one of personal, organisation, not 'me'."),
        (["x", "--format", "html"], "--format takes one of text, json, markdown"),
        (["--list", "printers"], "--list takes one of causes, aadsts, codes, not 'printers'."),
        (["x", "--docs-url", "ftp://docs.example"], "--docs-url takes a web address (http or https)"),
        (["x", "--docs-url", "https://docs.example/<x>"], "--docs-url takes a web address"),
        (["x", "--docs-url", "https://"], "--docs-url takes a web address"),
        (["x", "--output", "none/report"], "cannot be written"),
        (["x", "--smtp-host", "mail.example"], "There is no option --smtp-host"),
        (["x", "--evidence", "e"], "There is no option --evidence"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(arguments: list[str], said: str, explain: Explain) -> None:
    assert said in _complaint(explain(*arguments))


def test_a_text_of_more_than_64_mib_is_refused(explain: Explain, tmp_path: Path) -> None:
    with (tmp_path / "huge.log").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert "larger than 64 MiB" in _complaint(explain("huge.log"))


def test_a_token_on_the_line_is_refused(explain: Explain) -> None:
    assert "eyJ" not in _complaint(explain("Bearer", "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"))


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_secret_in_a_log_is_not_repeated(form: str, explain: Explain) -> None:
    token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
    log = f"{OFF} password=hunter2-hunter2\nAuthorization: Bearer {token}\n"
    printed = explain("-", "--format", form, stdin=log.encode())
    assert "[redacted]" in printed[1]
    assert "hunter2" not in printed[1]
    assert "eyJ" not in printed[1]


def test_what_the_text_does_not_show_can_be_said(explain: Explain) -> None:
    anyhow = _causes(explain(BARE, "--format", "json"))
    password = _causes(explain(BARE, "--format", "json", "--sign-in", "password"))
    token = _causes(explain(BARE, "--format", "json", "--sign-in", "oauth"))
    assert "wrong_password" in password
    assert "token_user_mismatch" not in password
    assert "token_user_mismatch" in token
    assert "wrong_password" not in token
    assert len(anyhow) > max(len(password), len(token))
    personal = _causes(explain(OFF.replace("Tenant", "Mailbox"), "--format", "json", "--account", "personal"))
    assert personal[0] == "consumer_smtp_auth_disabled_mailbox"


def test_a_vendor_is_named_by_its_first_letters(explain: Explain) -> None:
    (finding,) = _json(explain("54", "--vendor", "bro", "--format", "json"))["findings"]
    assert [code["vendor"] for code in finding["panel"]] == ["Brother"]


def test_a_code_that_the_vendors_list_does_not_hold_is_unknown(explain: Explain) -> None:
    code, out, _ = explain("0x99", "--vendor", "Brother")
    said = " ".join(out.split())
    assert code == 3
    assert "The list of Brother codes that diag knows does not hold it." in said
    assert "explain the server's reply" in said
    assert explain(f"{HEALTHY}\nand more", "--vendor", "Brother")[0] == 0


def test_options_are_set_elsewhere_but_what_is_typed_is_not(explain: Explain, tmp_path: Path) -> None:
    assert _json(explain("54", DIAG_VENDOR="brother", DIAG_FORMAT="json"))["findings"][0]["panel"]
    assert explain(HEALTHY, DIAG_LIST="1", DIAG_FILE="none.log", DIAG_TENANT="?")[0] == 0
    file = tmp_path / "diag.toml"
    file.write_text('[explain]\nformat = "json"\nsign-in = "oauth"\n[scan-to-email]\nformat = "markdown"\n', "utf-8")
    assert "wrong_password" not in _causes(explain(BARE, "--config", str(file)))
    for line in ("list = true", 'file = "x"', 'tenant = "x"'):
        file.write_text(f"[explain]\n{line}\n", "utf-8")
        assert "unknown key" in _complaint(explain(BARE, "--config", str(file)))


def test_the_options_of_explain_are_those_of_no_other_command(
    explain: Explain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del explain  # only its surroundings
    file = tmp_path / "diag.toml"
    file.write_text('[scan-to-email]\nvendor = "x"\n', "utf-8")
    for arguments, said in (
        (["scan-to-email", "a@b.example", "--vendor", "x"], "There is no option --vendor"),
        (["replay", "x", "--sign-in", "oauth"], "There is no option --sign-in"),
        (["lab", "run", "healthy", "--list"], "There is no option --list"),
        (["scan-to-email", "a@b.example", "--config", str(file)], "unknown key: 'vendor'"),
    ):
        assert run(arguments, {}) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("written", ["https://docs.example/diag", "https://docs.example/diag/"])
@pytest.mark.parametrize(("language", "folder"), [("en", ""), ("fr", "fr/")])
def test_a_report_links_to_the_published_documentation(
    written: str, language: str, folder: str, explain: Explain
) -> None:
    page = f"https://docs.example/diag/{folder}causes/switch.md#smtp_auth_disabled_tenant"
    (cause,) = _json(explain(OFF, "--format", "json", "--lang", language, DIAG_DOCS_URL=written))["causes"]
    assert cause["docs"] == page
    for form, shown in (("text", f": {page}\n"), ("markdown", f"<{page}>")):
        printed = explain(OFF, "--format", form, "--lang", language, "--docs-url", written)
        assert shown in printed[1]
        assert "diag explain smtp" not in printed[1]


@pytest.mark.parametrize("language", supported())
def test_the_page_of_a_cause_is_there(language: str, explain: Explain) -> None:
    docs = Path(__file__).parents[2] / "docs"
    for cause in _json(explain("--list", "--format", "json", "--lang", language))["causes"]:
        page, _, anchor = cause["docs"].partition("#")
        assert f'id="{anchor}"' in (docs / page).read_text("utf-8")


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize(
    ("words", "known"),
    [
        ([], list(load().causes)),
        (["causes"], list(load().causes)),
        (["aadsts"], [str(number) for number in load().aadsts_numbers]),
        (["codes"], [code.code.replace("*", "") for code in load().panel_codes]),
    ],
)
def test_everything_that_is_known_is_listed(words: list[str], known: list[str], form: str, explain: Explain) -> None:
    code, out, _ = explain("--list", *words, "--format", form)
    assert code == 0
    plain = " ".join(out.replace("*", "").replace("\\", "").split())
    assert [word for word in known if word not in plain] == []
    if form == "json":
        assert len(next(value for value in json.loads(out).values() if isinstance(value, list))) == len(known)


def test_the_list_of_causes_names_each_once_under_its_group(explain: Explain) -> None:
    lines = explain("--list", "causes")[1].splitlines()
    ids = [line.strip() for line in lines if re.fullmatch(r"  [a-z]\w+", line)]
    assert sorted(ids) == sorted(load().causes)
    headings = [line for line in lines[1:] if line and not line.startswith(" ")]
    assert len(headings) == len({load().group(name) for name in ids})


def test_a_list_keeps_to_the_width_of_a_terminal_of_eighty_columns(explain: Explain) -> None:
    for what in ("causes", "aadsts", "codes"):
        for language in supported():
            out = explain("--list", what, "--lang", language)[1]
            assert [line for line in out.splitlines() if len(line) > 80 and " " in line.strip()] == []


def test_a_report_goes_to_the_file_that_was_named(explain: Explain, tmp_path: Path) -> None:
    shown = explain(OFF)[1]
    assert explain(OFF, "--output", "report.txt") == (1, "", "")
    assert (tmp_path / "report.txt").read_text("utf-8") == shown


@pytest.mark.parametrize(
    "text", [OFF, BARE, "AADSTS50126", "AADSTS9999999", "0x54", "0x50", UNKNOWN, HEALTHY, f"{OFF}\n\n{UNKNOWN}"]
)
def test_a_french_explanation_has_no_english_left(text: str, explain: Explain) -> None:
    out = explain("-", "--lang", "fr", stdin=text.encode())[1]
    # What is quoted, typed or followed is left out, and the names that Microsoft and the makers gave.
    words = re.sub(
        r"«[^»]*»|^    .*\d\d\d.*$|--[\w-]+.*|\[\w+\]|https?://\S+|\(upn[^)]*\)|Send As", "", out, flags=re.MULTILINE
    )
    words = re.sub(r"\d\. [^\n]*: 5\d\d .*|Brother 0x\w\d\W+: .*|scanner@contoso\.com|diag [a-z-]+ \w+", "", words)
    assert ENGLISH.findall(words) == []


def test_an_explanation_loads_nothing_that_only_a_diagnosis_needs(tmp_path: Path) -> None:
    code = "import sys; from diag.cli import main; main(); print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, "explain", BARE],
        capture_output=True,
        text=True,
        check=True,
        env={"DIAG_LANG": "en", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    loaded = set(done.stderr.split())
    assert done.stdout.startswith("This text alone does not tell")
    assert "diag.explanation" in loaded
    heavy = "msal aiosmtplib dns rich cryptography structlog asyncio requests checks"
    assert loaded.isdisjoint(heavy.split())
    assert loaded.isdisjoint({"diag.evidence", "diag.diagnosis", "diag.wiring", "diag.pipeline", "reports.as_json"})
