"""docs/inventory.md says what the code does."""

import re
from pathlib import Path

import pytest

from diag.fleet.columns import FIELDS, chosen
from diag.fleet.tables import TENANT
from diag.fleet.tenancy import tenancies
from tests.fleet.inventories import reading, written

PAGE = (Path(__file__).parents[2] / "docs/inventory.md").read_text("utf-8")
COLUMNS = re.findall(r"^\| `(\w+)` \| (`.*?`) \|", PAGE, re.MULTILINE)


def example(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_examples_are_read_without_a_word(tmp_path: Path) -> None:
    written(tmp_path, example("csv"), "scanners.csv")
    path = written(tmp_path, example("toml"), "inventory.toml")
    found = reading(path)
    assert (found.bad, found.duplicates, found.told) == ({}, [], [])
    assert found.mailboxes == [
        "scan-hall@contoso.com",
        "scan-lyon@contoso.com",
        "scan-paris@contoso.com",
        "scan@fabrikam.com",
    ]
    assert {scanner.realm for scanner in found.scanners} == {tenancy.realm for tenancy in tenancies(path)}


def test_every_column_is_named() -> None:
    assert tuple(name for name, _ in COLUMNS) == FIELDS


@pytest.mark.parametrize(("name", "others"), COLUMNS)
def test_a_column_is_known_by_every_name_that_the_page_gives_it(name: str, others: str) -> None:
    for other in [name, *re.findall("`(.+?)`", others)]:
        assert chosen([other]) == [name]


def test_every_key_of_a_tenant_is_named() -> None:
    table = PAGE.partition("| Key of `[[tenant]]`")[2].partition("\n\n")[0]
    named = {key for line in table.splitlines() for key in re.findall(r"`(\w+)`", line.partition(" | ")[0])}
    assert named == set(TENANT)
