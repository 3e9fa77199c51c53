import re
import string
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import diag
from diag.catalogue import load
from diag.language import of_surroundings, spoken, supported, translator, wanted

ROOT = Path(diag.__file__).parent.parent
FRENCH = ROOT / "diag" / "locales" / "fr" / "LC_MESSAGES"
# The same word in both languages.
SAME = re.compile(
    r"[][A-Z0-9 |-]*"
    r"|([Tt]enants?|Sites|ms|min|[sh]|Ticket|effective|port|SMTP|Microsoft|Exchange Online|[Cc]ause|possible|message"
    r"|\W|\d)*"
)


def _french() -> Catalog:
    with (FRENCH / "diag.po").open("rb") as file:
        return read_po(file)


@cache
def _said() -> set[str]:
    """Every text that stands in a `say("...")`."""
    return {
        text
        for room in ("diag", "checks", "reports")
        for _, _, text, _, _ in extract_from_dir(ROOT / room, keywords={"say": None})
        if isinstance(text, str)
    }


def test_every_sentence_has_its_french() -> None:
    catalog = _french()
    assert sorted(text for text in _said() if text not in catalog or not catalog[text].string) == []


def test_no_french_is_left_of_sentences_that_are_gone() -> None:
    assert sorted(str(message.id) for message in _french() if message.id and message.id not in _said()) == []


def test_the_compiled_french_is_that_of_the_po_file() -> None:
    compiled = read_mo(BytesIO((FRENCH / "diag.mo").read_bytes()))
    pairs = {message.id: message.string for message in compiled if message.id}
    assert pairs == {message.id: message.string for message in _french() if message.id}


def test_translations_have_the_same_places_and_are_not_the_english() -> None:
    for message in _french():
        english, french = str(message.id), str(message.string)
        places = [
            sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in (english, french)
        ]
        assert places[0] == places[1], english
        assert not message.fuzzy
        assert english != french or SAME.fullmatch(re.sub(r"\{\w+\}", "", english)), english


def test_french_is_set_with_no_break_spaces_before_its_double_signs() -> None:
    for message in _french():
        assert not re.search(r" [:;!?»](?=\s|$)|« |'", str(message.string)) or not message.id, message.string


def test_the_catalogue_speaks_the_same_languages() -> None:
    for cause in load().causes.values():
        assert len({cause.title.in_language(code) for code in supported()}) == len(supported())


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LC_MESSAGES": "fr", "LANG": "en_US"}, "fr"),
        ([], {"DIAG_LANG": "en", "LANG": "fr"}, "en"),
        ([], {"DIAG_LANG": "de", "LANG": "fr"}, "fr"),
        (["--lang", "fr"], {"DIAG_LANG": "en"}, "fr"),
        (["--lang=fr"], {}, "fr"),
        (["--lang", "en", "--lang", "fr"], {}, "fr"),
        (["--lang"], {"LANG": "fr"}, "fr"),
        (["--lang", "xx"], {}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_before_that_of_the_session(
    arguments: list[str], environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert wanted(arguments, environment) == expected


@pytest.mark.parametrize(
    ("locale", "code"),
    [("fr", "fr"), ("fr-CA", "fr"), ("FR_fr@euro", "fr"), ("fr.UTF-8", "fr"), ("frp", None), ("", None)],
)
def test_a_locale_is_read_by_its_language(locale: str, code: str | None) -> None:
    assert spoken(locale) == code


def test_a_session_that_says_nothing_is_english_outside_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert of_surroundings({}) == "en"


def test_english_is_its_own_translation() -> None:
    assert translator("en")("anything at all") == "anything at all"
    assert translator("fr")("passed") == "réussi"
