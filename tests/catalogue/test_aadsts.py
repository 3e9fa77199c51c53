"""The numbers of the sign-in service."""

import tomllib
from pathlib import Path

import pytest

import diag.catalogue
from diag.catalogue import aadsts_link, load
from diag.outcome import Certainty

CATALOGUE = load()
WRITTEN: dict[str, object] = tomllib.loads(
    (Path(diag.catalogue.__file__).parent / "aadsts.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("number", sorted(WRITTEN))
def test_a_known_number_has_a_cause_and_a_meaning_in_both_languages(number: str) -> None:
    entry = CATALOGUE.aadsts(int(number))
    assert entry is not None
    assert entry.number == int(number)
    assert entry.cause in CATALOGUE.causes
    assert entry.certainty in Certainty
    assert entry.meaning.en.endswith(".")
    assert entry.meaning.fr.endswith(".")
    assert entry.meaning.en != entry.meaning.fr
    assert "'" not in entry.meaning.fr
    assert "AADSTS" not in entry.meaning.en, "the number is said beside it"


def test_there_are_numbers_enough() -> None:
    assert len(WRITTEN) >= 120


@pytest.mark.parametrize("number", [0, -1, 70017, 5017, 501730, 999999999])
def test_an_unknown_number_is_not_guessed(number: int) -> None:
    assert CATALOGUE.aadsts(number) is None


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (50173, "refresh_token_revoked"),
        (53003, "conditional_access_blocked"),
        (65001, "consent_missing"),
        (70043, "sign_in_frequency"),
        (90094, "admin_consent_required"),
        (530036, "device_code_blocked"),
        (700016, "app_not_found"),
        (700082, "refresh_token_dead"),
        (1002016, "tls_version_too_old"),
        (7000218, "app_is_not_public_client"),
        (7000222, "client_secret_expired"),
    ],
)
def test_a_number_that_names_its_cause_proves_it(number: int, cause: str) -> None:
    entry = CATALOGUE.aadsts(number)
    assert entry is not None
    assert (entry.cause, entry.certainty) == (cause, Certainty.PROVEN)


def test_waiting_for_the_person_is_not_held_against_anybody() -> None:
    entry = CATALOGUE.aadsts(70016)
    assert entry is not None
    assert entry.certainty is Certainty.POSSIBLE


def test_a_number_links_to_the_page_that_explains_it() -> None:
    assert aadsts_link(50173) == "https://login.microsoftonline.com/error?code=50173"
