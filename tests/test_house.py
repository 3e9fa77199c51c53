"""The house: packaging, lock files, layers, links and change notes hold what CONTRIBUTING.md promises."""

import re
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import diag

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = sorted((ROOT / "requirements").iterdir())
TRANSLATIONS = sorted((ROOT / "diag/locales").glob("*/LC_MESSAGES/*.po"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")])
NOTES = sorted(path for path in (ROOT / "changes").iterdir() if path.name != "README.md")


def locked(path: Path) -> dict[str, str]:
    """Name and version, extras and platforms left out."""
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]+\])?==([^ ]+)", path.read_text("utf-8"), re.MULTILINE))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", LOCKS, ids=named)
def test_a_lock_file_pins_everything_by_hash_and_names_no_index(path: Path) -> None:
    text = path.read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.replace("\\\n", ""))
    for entry in entries:
        assert entry.startswith("#") or re.match(
            r"[a-z0-9-]+(\[[a-z0-9,]+\])?==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", entry
        )
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE), "an option of pip, such as the address of an index"


def test_the_demo_and_the_tests_run_on_the_same_versions() -> None:
    lab, dev = (locked(ROOT / "requirements" / name) for name in ("lab.lock", "dev.lock"))
    assert lab.items() <= dev.items()


@pytest.mark.parametrize(("lock", "extras"), [("lab.lock", ["lab"]), ("dev.lock", ["lab", "dev"])])
def test_every_direct_dependency_is_locked(lock: str, extras: list[str]) -> None:
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    wanted += [line for extra in extras for line in project["optional-dependencies"][extra]]
    names = {re.split(r"[\[>=]", line)[0] for line in wanted} - {"diag"}
    assert names <= locked(ROOT / "requirements" / lock).keys()


def test_what_builds_is_also_what_is_locked() -> None:
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]


def test_the_version_is_said_once() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", diag.__version__)


def test_every_room_has_its_place_in_the_order_of_imports() -> None:
    contract = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    placed = {name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")}
    rooms = {path.stem for path in (ROOT / "diag").glob("*.py")} - {"__init__", "__main__"}
    rooms |= {path.parent.name for path in (ROOT / "diag").glob("*/__init__.py")}
    assert {f"diag.{room}" for room in rooms} <= placed


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_link_between_pages_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", NOTES, ids=named)
def test_a_change_note_has_a_known_kind_and_is_a_sentence(path: Path) -> None:
    kinds = "|".join(kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"])
    assert re.fullmatch(rf"(\d+|\+[a-z0-9-]+)\.({kinds})(\.\d+)?\.md", path.name)
    assert path.read_text("utf-8").rstrip().endswith(".")


def test_there_are_translations() -> None:
    assert "fr" in {path.parents[1].name for path in TRANSLATIONS}


@pytest.mark.parametrize("path", TRANSLATIONS, ids=named)
def test_a_translation_is_complete_and_compiled(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert [message.id for message in catalogue if message.id and (message.fuzzy or not message.string)] == []
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue(), "make locales"
