"""Scenario files: the shipped ones, and what is said of those that are wrong."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from diag.evidence import Auth
from diag.lab import Scenario, ScenarioError, load_scenario, scenario_names

DOCS = Path(__file__).parents[2] / "docs" / "lab.md"
TEXTS = 'title.en = "A"\ntitle.fr = "B"\nstory.en = "C"\nstory.fr = "D"\n'


def written(folder: Path, text: str) -> str:
    file = folder / "mine.toml"
    file.write_text(TEXTS + text, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_is_told_in_both_languages_and_says_what_it_ends_in(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.title.en != scenario.title.fr
    assert scenario.story.en != scenario.story.fr
    assert (scenario.expect.verdict == "healthy") == (scenario.expect.cause == "")
    assert (scenario.expect.certainty is None) == (scenario.expect.cause == "")


def test_there_are_scenarios_for_every_way_to_get_a_token() -> None:
    assert len(scenario_names()) >= 28
    assert {load_scenario(name).run.auth for name in scenario_names()} == set(Auth)


def test_an_empty_scenario_is_healthy(tmp_path: Path) -> None:
    mine = load_scenario(written(tmp_path, ""))
    healthy = load_scenario("healthy")
    assert mine.name == "mine"
    assert (mine.smtp, mine.network, mine.certificate, mine.sign_in, mine.expect) == (
        healthy.smtp,
        healthy.network,
        healthy.certificate,
        healthy.sign_in,
        healthy.expect,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[smpt]\n", "mine.toml: there is no key 'smpt'."),
        ("[smtp]\nlatency = 3\n", "mine.toml: there is no key 'smtp.latency'."),
        ('name = "x"\n', "mine.toml: there is no key 'name'."),
        ("[smtp]\nlatency_ms = 1.5\n", "mine.toml: 'smtp.latency_ms' must be a whole number."),
        ('[smtp]\nlatency_ms = "3"\n', "mine.toml: 'smtp.latency_ms' must be a whole number."),
        ('[smtp]\nxoauth2 = "yes"\n', "mine.toml: 'smtp.xoauth2' must be true or false."),
        ('[propagation]\neffective_after_s = "1"\n', "mine.toml: 'propagation.effective_after_s' must be a number."),
        ("[run]\nmailbox = 7\n", "mine.toml: 'run.mailbox' must be a text in quotes."),
        ('[smtp]\nhang_at = "lunch"\n', "mine.toml: 'smtp.hang_at' must be one of 'dns', 'connect', 'banner'"),
        ('[network]\nport = "shut"\n', "mine.toml: 'network.port' must be one of 'open', 'blocked' or 'refused'."),
        ('[sign_in]\nscopes = "SMTP.Send"\n', "mine.toml: 'sign_in.scopes' must be a list."),
        ("smtp = 3\n", "mine.toml: 'smtp' must be a table."),
        ('[[mailboxes]]\nkind = "user"\n', "mine.toml: the key 'mailboxes.0.address' is missing."),
        ("[token.error]\n", "mine.toml: the key 'token.error.aadsts' is missing."),
        ("[smtp\n", "mine.toml is not TOML: "),
        ('[run]\nmailbox = "nobody"\n', "mine.toml: 'nobody' is not a mail address"),
        ('[smtp.replies]\nauth = "no"\n', "mine.toml: 'smtp.replies.auth' must begin with a reply code."),
        ('[certificate]\nissuer = "who"\n', "mine.toml: 'certificate.issuer' must be trusted, unknown, self-signed"),
        ("[certificate]\nvalid_to_days = -40\n", "mine.toml: the certificate must end after it begins."),
        ('[expect]\ncause = "x"\n', "mine.toml: 'expect.cause' needs 'expect.certainty'."),
    ],
)
def test_a_wrong_file_is_told_which_key_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(tmp_path, text))
    assert str(caught.value.sentence).startswith(complaint)


def test_a_text_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "half.toml"
    file.write_text('title.en = "A"\nstory.en = "C"\nstory.fr = "D"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"half.toml: the key 'title.fr' is missing\."):
        load_scenario(str(file))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"absent\.toml cannot be read: "):
        load_scenario(str(tmp_path / "absent.toml"))
    (tmp_path / "latin.toml").write_bytes(TEXTS.encode() + b"# \xe9\n")
    with pytest.raises(ScenarioError, match=r"latin\.toml cannot be read: UnicodeDecodeError\."):
        load_scenario(str(tmp_path / "latin.toml"))


def test_an_unknown_name_leads_to_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'helthy'\. Did you mean 'healthy'\?"):
        load_scenario("helthy")
    with pytest.raises(ScenarioError, match=r"no scenario 'qqqq'\. 'diag lab list' shows"):
        load_scenario("qqqq")


def _keys(owner: type[Any], path: str = "") -> Iterator[str]:
    hints = get_type_hints(owner)
    for field in fields(owner):
        nested = next((kind for kind in (hints[field.name], *get_args(hints[field.name])) if is_dataclass(kind)), None)
        if isinstance(nested, type):
            yield from _keys(nested, f"{path}{field.name}.")
        elif f"{path}{field.name}" != "name":
            yield f"{path}{field.name}"


def _rows() -> dict[str, str]:
    """Return the rows of the tables by what stands in their first cell."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


# What the documentation says once: a fleet's keys are those of its mailboxes, a host's those of the first host.
ONCE = {
    "fleet.": "mailboxes.",
    "hosts.network.": "network.",
    "hosts.smtp.": "smtp.",
    "hosts.certificate.": "certificate.",
}


def _said_elsewhere(key: str, keys: set[str]) -> bool:
    return any(key.replace(one, other, 1) in keys for one, other in ONCE.items() if key.startswith(one))


def test_the_documentation_has_every_key_and_every_scenario_and_no_others() -> None:
    keys = set(_keys(Scenario))
    assert {"smtp.latency_ms", "mailboxes.address", "token.error.aadsts", "hosts.smtp.persona", "fleet.site"} <= keys
    once = {key for key in keys if not _said_elsewhere(key, keys)} | {"hosts.certificate.names"}
    assert {"fleet.count", "fleet.named", "hosts.name"} <= once
    assert "fleet.site" not in once
    assert set(_rows()) == once | set(scenario_names())


def test_a_documented_scenario_names_the_cause_it_ends_in() -> None:
    rows = _rows()
    for name in scenario_names():
        scenario = load_scenario(name)
        assert scenario.title.en in rows[name]
        assert scenario.expect.cause in rows[name]
