"""The causes: complete in both languages, with a way out, and true to each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

import diag.catalogue
from diag.catalogue import Bilingual, Cause, load
from diag.catalogue.knowledge import Actor, Severity
from diag.stage import Stage

FILES = sorted((Path(diag.catalogue.__file__).parent / "causes").glob("*.toml"))
CAUSES = load().causes
STEPS = tomllib.loads((FILES[0].parents[1] / "steps.toml").read_text(encoding="utf-8"))
WRITTEN = {
    name: data["en"]["fix"] for file in FILES for name, data in tomllib.loads(file.read_text(encoding="utf-8")).items()
}
# Causes that may lie in a sign-in of diag's own, with a code that diag showed: the device may be in order.
OWN_SIGN_IN = [
    "device_code_declined",
    "device_code_expired",
    "token_expired",
    "token_missing_scope",
    "token_unreadable",
    "token_user_mismatch",
    "token_wrong_audience",
    "token_wrong_tenant",
]
# What Microsoft has announced of passwords (Exchange Team blog, 27 January 2026) and of High Volume Email.
IN_FORCE = re.compile("(?:December|décembre|September|septembre|second half of|second semestre) (?:2026|2027|2028)")
COMMAND = re.compile(r"(?<![\w.-])(?:(?:Add|Get|New|Remove|Set|Test)-[A-Z]\w+|nslookup|tracert|ipconfig|ping)\b")


def words(cause: Cause) -> dict[str, Bilingual]:
    steps = {f"fix {at}": Bilingual(*pair) for at, pair in enumerate(zip(cause.fix.en, cause.fix.fr, strict=True))}
    return {"title": cause.title, "explanation": cause.explanation, "look_alikes": cause.look_alikes, **steps}


@pytest.fixture(params=list(CAUSES))
def cause(request: pytest.FixtureRequest) -> Cause:
    return CAUSES[request.param]


def test_what_is_parsed_piece_by_piece_is_what_the_files_say_as_a_whole() -> None:
    whole: dict[str, Any] = {}
    for file in FILES:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        assert not found.keys() & whole.keys(), f"{file.name} repeats a cause"
        whole |= found
    assert len(CAUSES) == len(whole) >= 100
    assert set(CAUSES) == whole.keys()
    for name, data in whole.items():
        read = CAUSES[name]
        assert (read.id, read.stage, read.severity, read.actor) == (
            name,
            data["stage"],
            data["severity"],
            data["actor"],
        )
        assert read.title == Bilingual(data["en"]["title"], data["fr"]["title"])
        assert read.explanation.fr == data["fr"]["explanation"]


def test_causes_come_in_the_order_of_the_dialogue() -> None:
    stages = [list(Stage).index(one.stage) for one in CAUSES.values()]
    assert stages == sorted(stages)


def test_an_unknown_cause_is_a_key_error_and_never_made_up() -> None:
    assert "no_such_cause" not in CAUSES
    with pytest.raises(KeyError):
        load().cause("no_such_cause")


def test_a_cause_has_a_known_stage_severity_and_actor(cause: Cause) -> None:
    assert cause.stage in Stage
    assert cause.severity in get_args(Severity)
    assert cause.actor in get_args(Actor)


def test_a_cause_says_everything_in_both_languages(cause: Cause) -> None:
    for what, text in words(cause).items():
        assert text.en.strip() == text.en != "", what
        assert text.fr.strip() == text.fr != "", what
        assert text.en != text.fr, what
        assert "@" not in {text.en[0], text.fr[0]}, "a shared step that does not exist"
        assert not re.search(r"(?:^|\s)@\w", text.en + text.fr), "a shared step in the middle of a sentence"


def test_a_cause_has_a_way_out_of_two_to_seven_steps_besides_the_menus(cause: Cause) -> None:
    assert 2 <= len([step for step in cause.fix.en if step != STEPS["menus"]["en"]]) <= 7
    assert len(cause.fix.en) == len(cause.fix.fr)
    assert len(set(cause.fix.en)) == len(cause.fix.en)


def test_both_languages_point_to_the_same_shared_steps() -> None:
    for file in FILES:
        for name, data in tomllib.loads(file.read_text(encoding="utf-8")).items():
            en, fr = ([step if step.startswith("@") else "" for step in data[lang]["fix"]] for lang in ("en", "fr"))
            assert en == fr, name


def test_a_command_ends_its_step_and_stands_behind_a_colon(cause: Cause) -> None:
    for en, fr in zip(cause.fix.en, cause.fix.fr, strict=True):
        found = COMMAND.search(en)
        assert bool(found) == bool(COMMAND.search(fr)), fr
        if found:
            command = en[found.start() :]
            assert en.endswith(f": {command}"), en
            # The two languages share nothing but the command, so neither says anything behind it.
            assert fr.endswith(f"\u00a0: {command}"), fr
            assert command[-1] not in ".,;)", en


def test_no_text_holds_a_place_to_fill_in_that_a_report_or_a_shell_would_swallow(cause: Cause) -> None:
    for text in words(cause).values():
        assert not set(text.en + text.fr) & set("<`{}\u2039\u203a")


@pytest.mark.parametrize("name", OWN_SIGN_IN)
def test_a_fault_of_the_sign_in_in_this_test_never_begins_with_wiping_the_device(name: str) -> None:
    fix = WRITTEN[name]
    assert "@own_again" in fix
    assert fix[-3:] == ["@register_if", "@test_scan", "@menus"]
    for step in CAUSES[name].fix.en:
        assert "delete" not in step.lower() or step.startswith("Only where the code was shown by the device")
    for step in CAUSES[name].fix.fr:
        assert "supprim" not in step.lower() or step.startswith(
            "Seulement si le code a été affiché par l\u2019appareil"
        )


def test_the_menus_of_the_makes_come_last_and_only_where_a_device_is_registered() -> None:
    for name, fix in WRITTEN.items():
        registered = [step for step in fix if step.startswith("@register_")]
        assert len(registered) == fix.count("@menus") <= 1, name
        assert not registered or fix[-1] == "@menus", name


def test_a_policy_is_made_up_for_before_anybody_is_excluded_from_it() -> None:
    named = [fix for fix in WRITTEN.values() if "@ca_exclude" in fix]
    assert named
    assert all(fix.index("@ca_location") < fix.index("@ca_exclude") for fix in named)


def test_every_shared_step_is_used() -> None:
    used = {step[1:] for fix in WRITTEN.values() for step in fix if step.startswith("@")}
    assert used == set(STEPS)


def test_french_has_one_word_for_one_thing(cause: Cause) -> None:
    for text in words(cause).values():
        for other in ("locataire", "serveur de courrier", "adresse de courrier", "5.7.3 nu", "établi à un autre"):
            assert other not in text.fr.lower(), other


def test_a_title_is_one_short_line_without_a_full_stop(cause: Cause) -> None:
    for title in (cause.title.en, cause.title.fr):
        assert len(title) <= 110
        assert "\n" not in title
        assert not title.endswith(".")


def test_titles_tell_causes_apart() -> None:
    for lang in ("en", "fr"):
        assert len({one.title.in_language(lang) for one in CAUSES.values()}) == len(CAUSES)


def test_french_is_set_as_french_is(cause: Cause) -> None:
    for what, text in words(cause).items():
        assert "'" not in text.fr, f"{what}: a straight apostrophe"
        assert not re.search(r" [;:!?»]|« ", text.fr), f"{what}: a sign that may fall to the next line"


def test_english_has_no_french_in_it(cause: Cause) -> None:
    for what, text in words(cause).items():
        assert not re.search(r"[éèêàçù«»\u2019]", text.en), what


def test_a_cause_links_to_pages_over_https(cause: Cause) -> None:
    assert cause.links
    assert all(re.fullmatch(r"https://[\w./-]+", link) for link in cause.links)


def test_a_cause_hides_only_causes_that_exist_and_never_itself(cause: Cause) -> None:
    assert set(cause.hides) <= set(CAUSES)
    assert len(set(cause.hides)) == len(cause.hides)
    assert cause.id not in cause.hides


def test_hiding_never_goes_round_in_a_circle() -> None:
    open_causes = {name: set(one.hides) for name, one in CAUSES.items()}
    while settled := {name for name, hides in open_causes.items() if not hides & open_causes.keys()}:
        open_causes = {name: hides for name, hides in open_causes.items() if name not in settled}
    assert not open_causes


def test_a_blocked_port_hides_what_comes_after_it_and_not_the_token() -> None:
    hidden = set(CAUSES["port_blocked"].hides)
    assert {"starttls_stripped", "certificate_expired", "smtp_auth_disabled_mailbox", "send_as_denied"} <= hidden
    assert not hidden & {"dns_failure", "token_user_mismatch", "sign_in_unreachable"}


@pytest.mark.parametrize(("lang", "french"), [("fr", True), ("fr-CA", True), ("fr_FR.UTF-8", True), ("de", False)])
def test_every_language_but_french_is_shown_in_english(lang: str, *, french: bool) -> None:
    cause = CAUSES["port_blocked"]
    assert cause.title.in_language(lang) == (cause.title.fr if french else cause.title.en)
    assert cause.fix.in_language(lang) == (cause.fix.fr if french else cause.fix.en)


def test_dates_that_are_void_are_not_repeated(cause: Cause) -> None:
    for text in words(cause).values():
        rest = IN_FORCE.sub("", text.en + text.fr) if cause.id == "basic_auth_still_used" else text.en + text.fr
        assert not re.search(r"\b20[2-3]\d\b", rest)


def test_importing_reads_no_file_and_loading_parses_no_cause() -> None:
    program = (
        "import diag.catalogue as c, diag.catalogue.loader as l;"
        "assert l._read.cache_info().currsize == 0; c.load();"
        "assert not c.load().causes._parsed;"
        "assert all('aadsts' not in k and 'replies' not in k for k in c.load().causes._file.values());"
        "c.load().cause('port_blocked'); assert list(c.load().causes._parsed) == ['port_blocked'];"
        f"assert l._sections.cache_info().currsize <= {len(FILES) + 1}"
    )
    root = Path(diag.catalogue.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr
