"""The pages made from the catalogue: as the catalogue is, whole in both languages, and safe to show."""

import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from diag.catalogue import load
from diag.language import supported, translator
from reports.markdown import code
from reports.more import page
from reports.wording import ACTORS, CERTAINTIES
from tools import docs
from tools.leads import code_anchors, known_replies
from tools.reader import safe, words

DOCS = docs.ROOT / "docs"
MADE = docs.pages()
ALL = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
FRENCH = sorted(name for name in MADE if name.startswith("fr/"))
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_CODE = re.compile(r"```.*?```|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_PIPE = re.compile(r"(?<!\\)\|")


def text_of(name: str) -> str:
    return MADE[name] if name in MADE else (DOCS / name).read_text("utf-8")


@cache
def anchors(path: Path) -> set[str]:
    return set(_ANCHOR.findall(text_of(path.relative_to(DOCS).as_posix())))


@cache
def told(name: str) -> str:
    """A page without code, targets of links, anchors, words it quotes, and its link to the other language."""
    bare = re.sub(r"\]\([^)]*\)|<[^>]*>", "]", _CODE.sub("`", MADE[name]))
    return re.sub(r"«[^»]*»|\[English\]", "«\u00a0»", bare)


@pytest.mark.parametrize("name", MADE)
def test_a_page_on_disk_is_what_the_catalogue_says(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == MADE[name], "make docs"


def test_every_group_of_causes_has_its_page() -> None:
    assert docs.ungrouped() == set()


def test_no_page_is_left_over_from_an_earlier_catalogue() -> None:
    assert [path for path in docs.stale(MADE, DOCS) if path.relative_to(DOCS).as_posix() not in MADE] == []


def test_the_program_makes_the_same_pages_every_time() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "1", "LC_ALL": "fr_FR.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"],
        cwd=docs.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    here = [f"docs/{path.relative_to(DOCS).as_posix()}" for path in docs.stale(MADE, DOCS)]
    assert [line.split()[0] for line in done.stderr.splitlines()] == here
    assert done.returncode == (1 if here else 0)


def test_stale_missing_and_stray_pages_are_named_and_then_put_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0
    (tmp_path / "aadsts.md").write_text("edited by hand", "utf-8")
    (tmp_path / "fr/causes/switch.md").unlink()
    (tmp_path / "causes/gone.md").write_text("a group that is no more", "utf-8")
    (tmp_path / "lab.md").write_text("written by hand", "utf-8")
    assert docs.main(["--check"], tmp_path) == 1
    named = re.findall(r"^docs/(\S+) is not what the catalogue says", capsys.readouterr().err, re.MULTILINE)
    assert sorted(named) == ["aadsts.md", "causes/gone.md", "fr/causes/switch.md"]
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0
    assert (tmp_path / "lab.md").read_text("utf-8") == "written by hand"


@pytest.mark.parametrize("name", MADE)
def test_a_page_says_first_that_it_is_made_and_by_what(name: str) -> None:
    first = MADE[name].partition("\n")[0]
    assert first.startswith("<!--")
    assert "tools/docs.py" in first


@pytest.mark.parametrize("language", supported())
def test_every_cause_number_and_panel_code_has_one_anchor(language: str) -> None:
    pages = [text for name, text in MADE.items() if name.startswith("fr/") == (language == "fr")]
    met = Counter(anchor for text in pages for anchor in _ANCHOR.findall(text))
    wanted = {*load().causes, *(f"aadsts-{number}" for number in load().aadsts_numbers)}
    wanted |= {anchor for _, anchor in code_anchors()}
    assert len(wanted) == len(load().causes) + len(load().aadsts_numbers) + len(load().panel_codes)
    assert wanted <= met.keys()
    assert {anchor for anchor, times in met.items() if times > 1} == set()


@pytest.mark.parametrize("language", supported())
def test_where_a_report_sends_its_reader_the_cause_is_explained(language: str) -> None:
    for cause_id in load().causes:
        name, _, anchor = page(cause_id, language).partition("#")
        assert anchor in _ANCHOR.findall(MADE[name])


@pytest.mark.parametrize("name", ALL)
def test_a_link_leads_to_a_page_and_an_anchor_that_exist(name: str) -> None:
    for place, anchor in _LINK.findall(_CODE.sub("`", text_of(name))):
        target = ((DOCS / name).parent / place).resolve() if place else DOCS / name
        assert target.exists(), place
        if anchor:
            assert anchor in anchors(target), f"{place}#{anchor}"


def test_a_french_page_stands_beside_every_english_one() -> None:
    assert {name.removeprefix("fr/") for name in FRENCH} == MADE.keys() - set(FRENCH)


@pytest.mark.parametrize("name", FRENCH)
def test_a_french_page_speaks_no_english_of_ours(name: str) -> None:
    french = translator("fr")
    labels = {both.en: both.fr for table in words().values() for both in table.values()}
    labels |= {one.text: french(one.text) for one in (*ACTORS.values(), *CERTAINTIES.values())}
    english = [label for label, translated in labels.items() if label not in (translated, "or")]
    assert [label for label in english if re.search(rf"\b{re.escape(label)}\b", told(name))] == []


@pytest.mark.parametrize("name", FRENCH)
def test_a_french_page_is_set_as_french_is(name: str) -> None:
    assert re.findall(r".{20} [;:!?»].{0,20}|« .{20}", told(name)) == []
    assert re.findall(r".{20}\w'\w.{20}", told(name)) == []


@pytest.mark.parametrize("name", MADE)
def test_the_rows_of_a_table_have_as_many_cells_as_its_head(name: str) -> None:
    width = 0
    for line in MADE[name].splitlines():
        cells = len(_PIPE.findall(line)) if line.startswith("|") else 0
        assert cells == width or 0 in {cells, width}, line
        width = cells


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a * b <c> [d](e) `f`", r"a \* b \<c> \[d\](e) \`f\`"),
        ("smtp_auth_disabled and _emphasis_", r"smtp_auth_disabled and \_emphasis\_"),
        ("write to scanner@contoso.com", "write to `scanner@contoso.com`"),
        ("Ouvrez https://aka.ms/mfasetup\u00a0: inscrivez", "Ouvrez <https://aka.ms/mfasetup>\u00a0: inscrivez"),
        ("open https://outlook.office.com.", "open <https://outlook.office.com>."),
        ("no https://, no blank", "no https://, no blank"),
        (
            "type https://outlook.office.com/SMTP.Send offline_access there",
            "type `https://outlook.office.com/SMTP.Send offline_access` there",
        ),
    ],
)
def test_the_catalogue_is_shown_as_it_stands(written: str, shown: str) -> None:
    assert safe(written) == shown


def test_a_command_stands_alone_as_code() -> None:
    command = "Set-CASMailbox -Identity scanner@contoso.com -SmtpClientAuthenticationDisabled $false"
    assert f"   ```powershell\n   {command}\n   ```\n" in MADE["causes/switch.md"]
    assert "Set-CASMailbox" not in told("causes/switch.md")


def heard(phrase: str) -> str:
    """A reply that holds a phrase, as a server would say it."""
    text = phrase.removeprefix("^").removesuffix("$").replace("…", "and so on").replace("*", "x")
    return text.replace("220 masked", "220 ******").replace("250 masked", "250 XXXXXX")


def test_a_phrase_stands_on_the_page_of_its_cause_and_leads_to_it() -> None:
    whatever_is_known = [known for known in known_replies() if {} in known.cases or not known.cases]
    assert {known.cause for known in whatever_is_known} > {"smtp_auth_disabled_mailbox", "esmtp_inspection"}
    for known in whatever_is_known:
        shown = MADE[f"causes/{load().group(known.cause)}.md"]
        for phrase in known.phrases:
            assert code(phrase.removeprefix("^").removesuffix("$").replace(" masked", " ****")) in shown
            named = {(reading.cause, reading.certainty) for reading in load().classify(heard(phrase))}
            assert (known.cause, known.certainty) in named, phrase


def test_circumstances_are_said_beside_the_words() -> None:
    rows = [line for line in MADE["causes/switch.md"].splitlines() if "disabled for the Mailbox` |" in line]
    assert [row.split(" | ")[1:] for row in rows[:2]] == [
        ["proven", "account: of an organisation |"],
        ["likely", "in all other cases |"],
    ]
