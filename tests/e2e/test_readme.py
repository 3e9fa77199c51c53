"""The README says what is true: its demo is the demo, its commands and options exist."""

import re
from pathlib import Path

from tests.e2e.command import ROOT, diag, python

README = (ROOT / "README.md").read_text(encoding="utf-8")
MARK = "<!-- the demo's real output; tests/e2e/test_readme.py compares it -->"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z [0-9A-F]{16}")


def shown() -> list[str]:
    block = README.partition(MARK)[2].partition("\nThen follow every step")[0]
    return [line.removeprefix("    ").rstrip() for line in block.strip("\n").splitlines()]


def test_the_demo_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    ran = diag("scan-to-email", "scanner@contoso.com", "--lab", "authenticated-smtp-off", folder=tmp_path)
    printed = [line.rstrip() for line in ran.out.splitlines()]
    expected = shown()
    assert len(expected) > 20
    for said, told in zip(expected, printed, strict=False):
        assert MOMENT.sub("MOMENT", said) == MOMENT.sub("MOMENT", told)


def test_every_option_the_readme_names_exists(tmp_path: Path) -> None:
    commands = (["scan-to-email"], ["explain"], ["smtp-auth", "get"], ["smtp-auth", "enable"], ["login"], ["setup"])
    known = "".join(diag(*command, "--help", folder=tmp_path).out for command in commands)
    known += "--require-hashes --no-deps --no-build-isolation"
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)):
        assert option in known, option


def test_every_command_is_in_the_readme(tmp_path: Path) -> None:
    for line in diag("--help", folder=tmp_path).out.partition("Commands:")[2].splitlines():
        if match := re.match(r"  ([a-z-]+)  ", line):
            assert f"diag {match[1]}" in README, match[1]


def test_without_the_labs_libraries_the_lab_says_how_to_get_them(tmp_path: Path) -> None:
    hide = "import sys; sys.modules['aiosmtpd'] = None; from diag.cli import main; "
    ran = python(hide + "sys.argv = ['diag', 'lab', 'run', 'healthy']; sys.exit(main())", folder=tmp_path)
    assert ran.code == 2
    assert "diag[lab]" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_python_in_the_readme_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = python(code, folder=tmp_path)
    assert ran.out.splitlines()[-1] == "broken token_wrong_audience proven", ran.err
