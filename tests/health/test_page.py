"""docs/health.md says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from diag.cli.options import HEALTH, OPTIONS
from diag.fleet.bounds import Bounds
from diag.fleet.tenancy import tenancies
from diag.health.annotations import annotations_of
from diag.health.delivering import MOST_ATTEMPTS, PAUSES_S
from diag.health.delivery import ByGraph, BySmtp, ByUrl, Ping
from diag.health.past import Change
from diag.health.recipients import recipients_of
from diag.health.result import Status
from diag.health.run import DEAD_AFTER
from reports import health_history_json, health_json

PAGE = (Path(__file__).parents[2] / "docs/health.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^```toml\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
BOUNDS = Bounds()


def cells(head: str, column: int) -> list[str]:
    """One column of the table that begins so, without its code marks."""
    rows = PAGE.partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.strip("| ").split(" | ")[column].strip("` ") for row in rows]


def test_every_example_is_read_by_one_of_the_tests_below() -> None:
    assert len(re.findall("^```toml$", PAGE, re.MULTILINE)) == len(EXAMPLES)
    assert set(EXAMPLES) == {"scanners.toml", "annotations.toml", "deliveries.toml", "diag.toml"}


def test_the_annotations_mute_what_the_page_says() -> None:
    first, second = annotations_of(EXAMPLES["annotations.toml"].encode(), "annotations.toml").mutes
    assert (first.cause, first.site, first.ticket) == ("port_blocked", "Nantes", "INC-4711")
    assert (second.mailbox, second.by) == ("old-*@contoso.com", "Anna")


def test_the_deliveries_show_every_kind_of_recipient() -> None:
    found = recipients_of(EXAMPLES["deliveries.toml"].encode(), "deliveries.toml")
    assert {type(one) for one in found} == {ByGraph, BySmtp, ByUrl, Ping}
    assert {one.kind for one in found if isinstance(one, ByUrl)} == {"teams", "slack", "webhook"}
    (mail,) = (one for one in found if isinstance(one, BySmtp))
    without = EXAMPLES["deliveries.toml"].replace("tenant =", "# tenant =").replace("host =", "# host =")
    assert mail in recipients_of(without.encode(), "deliveries.toml")


def test_the_tenant_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scanners.toml"
    path.write_text(EXAMPLES["scanners.toml"], encoding="utf-8")
    (tmp_path / "scanners.csv").write_text("mailbox\nscan@contoso.com\n", encoding="utf-8")
    (tenancy,) = tenancies(path)
    assert (tenancy.realm, tenancy.settings) == ("contoso.com", "none")


def test_the_settings_are_those_of_health_runs() -> None:
    told = tomllib.loads(EXAMPLES["diag.toml"])
    assert set(told) == {HEALTH}
    allowed = {option.name for option in OPTIONS if HEALTH in option.of and not option.typed}
    assert set(told[HEALTH]) <= allowed


def test_every_status_and_every_change_is_told() -> None:
    assert cells("Status", 1) == [status.value for status in Status]
    assert cells("Status", 2) == [status.letter for status in Status]
    assert set(cells("In JSON", 0)) == {change.value for change in Change}


def test_the_bounds_are_those_of_the_code() -> None:
    assert cells("At once", 1) == ["1", str(BOUNDS.tenant), str(BOUNDS.site), str(BOUNDS.total)]
    assert f"after {BOUNDS.alike} failures in a row" in PAGE
    assert (BOUNDS.tries, BOUNDS.pause_s, DEAD_AFTER.total_seconds()) == (3, 5, 10)
    assert (MOST_ATTEMPTS, PAUSES_S) == (3, (5, 20))


@pytest.mark.parametrize("form", [health_json.SCHEMA_ID, health_history_json.SCHEMA_ID])
def test_the_forms_are_named(form: str) -> None:
    assert f"`{form}`" in PAGE
