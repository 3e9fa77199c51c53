"""The README says what is true: its demo is the demo, its commands and options exist."""

import re
from pathlib import Path

import pytest

from tests.e2e.command import ROOT, diag, python

README = (ROOT / "README.md").read_text(encoding="utf-8")
MARK = "<!-- the demo's real output; tests/e2e/test_readme.py compares it -->"
FLEET = '<!-- real output, "..." where some is left out; tests/e2e/test_readme.py compares it -->'
GROUPS = ("health", "health schedule", "lab")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z [0-9A-F]{16}")
DAY = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")


def shown(mark: str, end: str) -> list[str]:
    block = README.partition(mark)[2].partition(f"\n{end}")[0]
    return [line.removeprefix("    ").rstrip() for line in block.strip("\n").splitlines()]


def commands(*group: str, folder: Path) -> list[str]:
    told = diag(*group, "--help", folder=folder).out.partition("Commands:")[2]
    return re.findall(r"^  ([a-z-]+)  ", told, re.MULTILINE)


def test_the_demo_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    ran = diag("scan-to-email", "scanner@contoso.com", "--lab", "authenticated-smtp-off", folder=tmp_path)
    printed = [line.rstrip() for line in ran.out.splitlines()]
    expected = shown(MARK, "Then follow every step")
    assert len(expected) > 20
    for said, told in zip(expected, printed, strict=False):
        assert MOMENT.sub("MOMENT", said) == MOMENT.sub("MOMENT", told)


def test_the_nightly_run_in_the_readme_is_what_a_run_prints(tmp_path: Path) -> None:
    ran = diag("health", "run", "--lab", "fleet", folder=tmp_path)
    assert ran.code == 1, ran.err
    printed = iter([line.rstrip() for line in ran.out.splitlines()])
    expected = shown(FLEET, "With a tenant of yours")
    assert len(expected) > 20
    is_gap = False
    for said in expected:
        if said.strip() == "...":
            is_gap = True
            continue
        told = next(printed)
        while is_gap and told != said:
            told = next(printed)
        is_gap = False
        assert DAY.sub("DAY", said) == DAY.sub("DAY", told) or "days are left" in said  # today's


def test_every_option_the_readme_names_exists(tmp_path: Path) -> None:
    asked = [["scan-to-email"], ["explain"], ["smtp-auth", "get"], ["smtp-auth", "enable"], ["login"], ["setup"]]
    asked += [["health", "run"], ["health", "discover"], ["health", "report"]]
    known = "".join(diag(*command, "--help", folder=tmp_path).out for command in asked)
    known += "--require-hashes --no-deps --no-build-isolation"
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)):
        assert option in known, option


def test_every_command_is_in_the_readme(tmp_path: Path) -> None:
    found = commands(folder=tmp_path)
    assert "health" in found
    for command in found:
        assert f"diag {command}" in README, command


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_of_a_group_is_in_the_readme(group: str, tmp_path: Path) -> None:
    named = {
        name
        for names in re.findall(rf"diag {group} ([a-z-]+(?:\\?\|[a-z-]+)*)", README)
        for name in re.split(r"\\?\|", names)
    }
    named |= (
        set(re.findall(r"^`([a-z-]+)` and `([a-z-]+)`", README, re.MULTILINE)[0]) if group == "smtp-auth" else set()
    )
    found = commands(*group.split(), folder=tmp_path)
    assert found
    assert set(found) <= named


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
