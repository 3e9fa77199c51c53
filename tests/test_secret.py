import base64
import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.secret import REDACTED, Redactor, Secret

VALUE = "eyJ0eXAi.OiJKV1QiLCJub25jZSI6+/=~canary" + "Zx9_-Q7" * 8
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
SECRETS = st.text(CHARACTERS, min_size=16, max_size=200)
PROSE = st.text("abcdefgh éàç.,:;!?<>[]\n\t|", max_size=300)


def knowing(*values: str) -> Redactor:
    redactor = Redactor()
    for value in values:
        redactor.add(Secret(value))
    return redactor


def pieces(text: str, length: int = 12) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


# --- the type


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret}",
    "padded": lambda secret: f"{secret!r:>40}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the form that logging uses
    "in a list": lambda secret: repr([secret]),
    "in a dictionary": lambda secret: repr({"token": secret}),
    "its names": lambda secret: str(dir(secret)),
}


@pytest.mark.parametrize("how", SHOWN)
def test_a_secret_does_not_show_itself(how: str) -> None:
    assert not pieces(VALUE, 6) & pieces(SHOWN[how](Secret(VALUE)), 6)


def test_a_secret_is_shown_where_it_is_revealed_and_nowhere_else() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert len(Secret(VALUE)) == len(VALUE)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_cannot_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(Secret(VALUE), protocol)


def test_a_secret_cannot_be_copied_nor_written_as_json() -> None:
    with pytest.raises(TypeError):
        copy.copy(Secret(VALUE))
    with pytest.raises(TypeError):
        copy.deepcopy({"token": Secret(VALUE)})
    with pytest.raises(TypeError):
        json.dumps({"token": Secret(VALUE)})


def test_a_secret_has_no_dictionary_to_be_dumped() -> None:
    with pytest.raises(TypeError):
        vars(Secret(VALUE))


def test_a_secret_stays_hidden_in_a_log_and_in_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(VALUE)
    try:
        int(secret)  # type: ignore[call-overload]
    except TypeError as problem:
        logging.getLogger("test").exception("with %s", secret)
        text = "".join(traceback.TracebackException.from_exception(problem, capture_locals=True).format())
    assert VALUE not in caplog.text
    assert VALUE not in text.replace("VALUE", "")


# --- the redactor


def test_the_redactor_does_not_show_what_it_knows() -> None:
    assert VALUE[:8] not in repr(knowing(VALUE))


def test_a_secret_is_found_plain() -> None:
    assert knowing(VALUE).clean(f"535 <{VALUE}> refused") == f"535 <{REDACTED}> refused"


def test_a_secret_is_found_where_it_is_all_there_is_and_twice_in_a_row() -> None:
    assert knowing(VALUE).clean(VALUE) == REDACTED
    assert VALUE[:12] not in knowing(VALUE).clean(VALUE + VALUE)


@pytest.mark.parametrize("before", [0, 1, 2, 3, 57])
@pytest.mark.parametrize("urlsafe", [False, True])
def test_a_secret_is_found_in_base64_wherever_it_begins(before: int, urlsafe: bool) -> None:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    echoed = encode(b"u" * before + VALUE.encode() + b"\x01\x01").decode()
    cleaned = knowing(VALUE).clean(f"501 cannot decode {echoed}")
    assert REDACTED in cleaned
    left = "".join(cleaned.removeprefix("501 cannot decode ").split(REDACTED))
    assert not pieces(left) & pieces(encode(VALUE.encode()).decode())
    # What is left are the bytes around the secret, and at most six of its own, which the same groups of four hold.
    assert len(left) <= (before // 3 + 2) * 4 + 8


def test_a_secret_is_found_in_the_form_of_an_xoauth2_answer() -> None:
    blob = base64.b64encode(f"user=scanner@contoso.com\x01auth=Bearer {VALUE}\x01\x01".encode()).decode()
    cleaned = knowing(VALUE).clean(f"AUTH XOAUTH2 {blob}")
    shown = cleaned.removeprefix("AUTH XOAUTH2 ").partition(REDACTED)[0]
    assert len(shown) % 4 == 0
    assert VALUE[:6] not in base64.b64decode(shown).decode()


@pytest.mark.parametrize("value", [VALUE, "p@ss wörd & more: 100%"])
def test_a_secret_is_found_url_encoded(value: str) -> None:
    assert knowing(value).clean(f"?secret={quote(value, safe='')}&x=1") == f"?secret={REDACTED}&x=1"


@pytest.mark.parametrize("kept", [slice(0, 12), slice(0, 40), slice(5, 30), slice(-12, None), slice(-30, None)])
def test_a_secret_is_found_cut_off(kept: slice) -> None:
    assert knowing(VALUE).clean(f"token {VALUE[kept]}... refused") == f"token {REDACTED}... refused"


@pytest.mark.parametrize("at", [12, 20, len(VALUE) - 12])
@pytest.mark.parametrize("between", ["\n", "\r\n ", '"\n"'])
def test_a_secret_is_found_in_two_lines(at: int, between: str) -> None:
    cleaned = knowing(VALUE).clean(f"{VALUE[:at]}{between}{VALUE[at:]}")
    assert cleaned == f"{REDACTED}{between}{REDACTED}"


@pytest.mark.parametrize("value", ["hunter2", "GXY4-B7Q", "p&ss"])
def test_a_short_secret_is_found_whole(value: str) -> None:
    assert knowing(value).clean(f"code {value}, again {value}") == f"code {REDACTED}, again {REDACTED}"


def test_several_secrets_are_all_found() -> None:
    other = "refresh-" + "0.AXoA" * 9
    assert knowing(VALUE, other, "hunter2").clean(f"{other} {VALUE} hunter2") == " ".join([REDACTED] * 3)


def test_a_redactor_that_knows_nothing_or_an_empty_secret_changes_nothing() -> None:
    assert Redactor().clean(VALUE) == VALUE
    assert knowing("").clean("any text") == "any text"


def test_a_secret_may_be_made_known_again() -> None:
    redactor = knowing(VALUE)
    redactor.add(Secret(VALUE))
    assert redactor.clean(VALUE) == REDACTED


# A text is cleaned in the adapter, and again when it leaves the process.
@pytest.mark.parametrize("values", [("red",), ("act", "e"), ("[",), ("acted", "hunter2")])
def test_cleaning_twice_is_cleaning_once_even_for_secrets_like_the_mark_itself(values: tuple[str, ...]) -> None:
    redactor = knowing(*values)
    once = redactor.clean("hunter2 is redacted [here]")
    assert redactor.clean(once) == once


@given(SECRETS, PROSE)
def test_prose_is_never_altered(value: str, text: str) -> None:
    pause = "\n".join(text[at : at + 11] for at in range(0, len(text), 11))
    assert knowing(value).clean(pause) == pause


@given(SECRETS, PROSE, PROSE)
def test_what_stands_around_a_secret_is_kept(value: str, before: str, after: str) -> None:
    cleaned = knowing(value).clean(f"{before}\x00{value}\x00{after}")
    assert not pieces(value) & pieces(cleaned)
    assert cleaned.startswith(before[: len(cleaned)][:4])
    assert cleaned.count("\x00") == 2


@given(SECRETS, st.lists(st.integers(0, 200), max_size=4), PROSE)
def test_cleaning_twice_is_cleaning_once(value: str, cuts: list[int], text: str) -> None:
    redactor = knowing(value)
    mixed = text + "".join(value[cut:] + text[:cut] for cut in cuts)
    once = redactor.clean(mixed)
    assert redactor.clean(once) == once
    assert not pieces(value) & pieces(once)


@given(st.binary(max_size=40), SECRETS, st.binary(max_size=40))
def test_no_base64_around_a_secret_shows_more_than_a_few_of_its_bytes(before: bytes, value: str, after: bytes) -> None:
    echoed = base64.b64encode(before + value.encode() + after).decode()
    cleaned = knowing(value).clean(echoed)
    # A secret of 16 characters gives at least 4 whole groups, of which the middle ones are looked for.
    if len(value) >= 20:
        assert REDACTED in cleaned


# --- many secrets, and many texts


def worn(*values: str) -> Redactor:
    """One that has cleaned so much that it looks texts up in its index."""
    redactor = knowing(*values)
    for number in range(600):
        redactor.clean(f"host{number:04}.prod.outlook.com")
    return redactor


@given(st.lists(SECRETS, max_size=3), PROSE, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 190)), max_size=4))
def test_how_much_was_cleaned_before_changes_nothing(values: list[str], text: str, cuts: list[tuple[int, int]]) -> None:
    mixed = text + "".join(values[which % len(values)][at:] + text[:at] for which, at in cuts if values)
    cleaned = knowing(*values).clean(mixed)
    assert worn(*values).clean(mixed) == cleaned
    assert not set().union(*map(pieces, values)) & pieces(cleaned)


@pytest.mark.parametrize("value", ["correct horse battery staple", "-----BEGIN KEY-----\nMIIEv\n-----END KEY-----\n"])
@pytest.mark.parametrize("kept", [slice(None), slice(3, 15), slice(7, 20)])
def test_a_secret_with_blanks_in_it_is_found_too(value: str, kept: slice) -> None:
    for redactor in (knowing(VALUE, value), worn(VALUE, value)):
        assert redactor.clean(f"<{value[kept]}>") == f"<{REDACTED}>"


def test_a_text_that_was_harmless_is_cleaned_once_it_is_a_secret() -> None:
    for redactor in (knowing("another-secret-of-mine"), worn("another-secret-of-mine")):
        for value in ("a-host.office365.com", VALUE):
            assert redactor.clean(f"is {value}") == f"is {value}"
            redactor.add(Secret(value))
            assert redactor.clean(f"is {value}") == f"is {REDACTED}"


@pytest.mark.parametrize("length", [50_000, 500_000])
def test_a_secret_is_found_in_a_very_long_row(length: int) -> None:
    cleaned = knowing(VALUE).clean("x" * length + VALUE[5:17] + "x" * length)
    assert cleaned == "x" * length + REDACTED + "x" * length


# --- for a while


def test_what_is_learned_in_a_scope_is_removed_inside_and_outside_until_its_end() -> None:
    outer = knowing("of-the-whole-run")
    with outer.scope() as inner, inner.scope() as innermost:
        inner.add(Secret(VALUE))
        innermost.add(Secret("hunter2"))
        for redactor in (outer, inner, innermost):
            assert redactor.clean(f"{VALUE} of-the-whole-run hunter2") == " ".join([REDACTED] * 3)
    assert outer.clean(f"{VALUE} of-the-whole-run hunter2") == f"{VALUE} {REDACTED} hunter2"
    assert inner.clean(f"{VALUE} of-the-whole-run") == f"{REDACTED} {REDACTED}"


def test_a_scope_knows_nothing_of_its_neighbour() -> None:
    outer = Redactor()
    with outer.scope() as one, outer.scope() as other:
        one.add(Secret(VALUE))
        assert other.clean(VALUE) == VALUE
        assert outer.clean(VALUE) == one.clean(VALUE) == REDACTED


def test_a_scope_that_ends_with_an_exception_is_forgotten_too() -> None:
    outer = Redactor()
    with suppress(ValueError), outer.scope() as inner:
        inner.add(Secret(VALUE))
        raise ValueError
    assert outer.clean(VALUE) == VALUE
