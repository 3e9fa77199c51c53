from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.health.annotations import Annotations, Mute, annotations_of
from diag.subject import InvalidInputError
from tests.health.fleet import OFF, scanner

WHOLE = """
[[mute]]
mailbox = "scan-00*@contoso.com"
cause = "smtp_auth_*"
tenant = "contoso.com"
site = "Lyon"
reason = "the office moves"
until = 2026-12-31
by = "ops"
ticket = "T-4"

[[mute]]
tenant = "*.example"
reason = "not ours any more"
until = 2027-01-31
"""


def read(text: str) -> Annotations:
    return annotations_of(text.encode(), "mutes.toml")


def problem(text: str) -> str:
    with pytest.raises(InvalidInputError) as raised:
        read(text)
    return str(raised.value.sentence)


def test_a_file_says_what_is_muted_why_and_until_when() -> None:
    first, second = read(WHOLE).mutes
    assert first == Mute(
        number=1,
        reason="the office moves",
        until=date(2026, 12, 31),
        mailbox="scan-00*@contoso.com",
        cause="smtp_auth_*",
        tenant="contoso.com",
        site="Lyon",
        by="ops",
        ticket="T-4",
    )
    assert (second.number, second.tenant, second.mailbox) == (2, "*.example", "")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "mute = []", "\ufeff" + WHOLE])
def test_an_empty_file_and_a_byte_order_mark_are_no_mistake(text: str) -> None:
    assert len(read(text).mutes) == (2 if WHOLE in text else 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[mute]]\nmailbox = "a\n', "mutes.toml is not valid TOML (line 2)."),
        ("[[mute]", "mutes.toml is not valid TOML (line 1)."),
        ('mutes = "x"', "mutes.toml: there is no key 'mutes'."),
        ('[mute]\nmailbox = "a"', "mutes.toml: write [[mute]], in double brackets."),
        ('mute = ["a"]', "mutes.toml: write [[mute]], in double brackets."),
        ('[[mute]]\nmailbox = "a"\nuntil = 2026-12-31', "mutes.toml, [[mute]] 1: the key 'reason' is missing."),
        ('[[mute]]\nmailbox = "a"\nreason = "b"', "mutes.toml, [[mute]] 1: the key 'until' is missing."),
        (
            '[[mute]]\nmailbox = "a"\nreason = "b"\nuntil = "2026-12-31"',
            "mutes.toml, [[mute]] 1: 'until' is a date without quotation marks, like 2026-12-31.",
        ),
        (
            '[[mute]]\nmailbox = "a"\nreason = "b"\nuntil = 2026-12-31T10:00:00',
            "mutes.toml, [[mute]] 1: 'until' is a date without quotation marks, like 2026-12-31.",
        ),
        (
            '[[mute]]\nmailbox = "a"\nreason = " "\nuntil = 2026-12-31',
            "mutes.toml, [[mute]] 1: 'reason' is a text in quotation marks, and not empty.",
        ),
        (
            '[[mute]]\nmailbox = 3\nreason = "b"\nuntil = 2026-12-31',
            "mutes.toml, [[mute]] 1: 'mailbox' is a text in quotation marks, and not empty.",
        ),
        (
            '[[mute]]\nreason = "b"\nuntil = 2026-12-31',
            "mutes.toml, [[mute]] 1: it names no mailbox, cause, tenant or site that is meant.",
        ),
        (
            WHOLE + '[[mute]]\nmailbox = "a"\nreason = "b"\nuntil = 2026-12-31\n"un\\u001Btil" = 1',
            "mutes.toml, [[mute]] 3: there is no key 'un\\x1btil'.",
        ),
        ("[[mute]]\nmailbox = " + "[" * 5000, "mutes.toml is not valid TOML (too many brackets in one another)."),
    ],
)
def test_a_mistake_is_named_by_its_table_and_key(text: str, told: str) -> None:
    assert problem(text) == told


@given(st.text())
def test_no_text_makes_anything_but_annotations_or_a_sentence(text: str) -> None:
    with suppress(InvalidInputError):
        assert isinstance(read(text), Annotations)


@pytest.mark.parametrize(
    ("named", "is_meant"),
    [
        ({"mailbox": "scan-0001@contoso.com"}, True),
        ({"mailbox": "SCAN-0001@Contoso.com"}, True),
        ({"mailbox": "scan-*"}, True),
        ({"mailbox": "scan-0002@*"}, False),
        ({"mailbox": "0001"}, False),
        ({"cause": OFF}, True),
        ({"cause": "smtp_auth_disabled_*"}, True),
        ({"cause": "wrong_password"}, False),
        ({"tenant": "contoso.com"}, True),
        ({"tenant": "7a1"}, False),
        ({"site": "lyon"}, True),
        ({"site": "Paris"}, False),
        ({"mailbox": "scan-0001@contoso.com", "cause": "wrong_password"}, False),
        ({"mailbox": "scan-0001@contoso.com", "cause": OFF, "site": "L*"}, True),
    ],
)
def test_a_finding_is_meant_that_fits_all_that_is_named(named: dict[str, str], is_meant: bool) -> None:
    mute = Mute(number=1, reason="x", until=date(2026, 12, 31), **named)
    assert mute.fits(scanner(1, site="Lyon"), OFF) is is_meant


def test_a_tenant_is_meant_by_what_the_inventory_calls_it() -> None:
    mute = Mute(number=1, reason="x", until=date(2026, 12, 31), tenant="Fabrikam.example")
    assert mute.fits(scanner(1, tenant="fabrikam.EXAMPLE"), OFF)
    assert not mute.fits(scanner(1), OFF)


def test_a_mute_holds_to_the_end_of_its_last_day_in_utc() -> None:
    mute = Mute(number=1, reason="x", until=date(2026, 12, 31), mailbox="*")
    end = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert not mute.is_over(end)
    assert mute.is_over(end + timedelta(seconds=1))
    west = timezone(-timedelta(hours=5))
    assert mute.is_over(datetime(2026, 12, 31, 19, 0, tzinfo=west))
    assert not mute.is_over(datetime(2026, 12, 31, 18, 59, tzinfo=west))


def test_of_several_the_one_that_lasts_longest_comes_first() -> None:
    mutes = tuple(Mute(number=number, reason="x", until=date(2026, 12, number), mailbox="*") for number in (1, 3, 2))
    assert [mute.number for mute in Annotations(mutes=mutes).fitting(scanner(1), OFF)] == [3, 2, 1]
