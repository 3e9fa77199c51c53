import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.evidence import Claims, Opaque, Unreadable
from diag.secret import Secret
from diag.token import is_token_shaped, read_token
from tests.evidence_cases import AUDIENCE, MAILBOX, NOW, TENANT
from tests.fakes import jwt, part

HEADER = part({"typ": "JWT"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "aud",
    "iss",
    "scp",
    "scope",
    "roles",
    "upn",
    "unique_name",
    "preferred_username",
    "email",
    "tid",
    "appid",
    "azp",
    "client_id",
    "idtyp",
    "iat",
    "nbf",
    "exp",
]


def claims_of(token: str) -> Claims:
    found = read_token(Secret(token))
    assert isinstance(found, Claims), found
    return found


def raw(payload: str) -> str:
    """A JWT whose payload is this text, JSON or not."""
    return f"{HEADER}.{base64.urlsafe_b64encode(payload.encode()).rstrip(b'=').decode()}.sig"


# --- what tokens say


def test_a_token_of_version_1_is_read() -> None:
    token = jwt()
    found = claims_of(token)
    assert found.length == len(token)
    assert found.audience == AUDIENCE
    assert found.scopes == ("SMTP.Send",)
    assert found.user == MAILBOX
    assert found.tenant == TENANT
    assert found.app_id == "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
    assert found.app_only is False
    assert found.expires_at == NOW + timedelta(minutes=70)
    assert found.not_before == found.issued_at == NOW - timedelta(minutes=5)


def test_a_token_of_version_2_is_read() -> None:
    found = claims_of(
        jwt(
            {
                "aud": "00000002-0000-0ff1-ce00-000000000000",
                "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
                "azp": "an-app",
                "preferred_username": MAILBOX,
                "scp": "SMTP.Send User.Read",
                "ver": "2.0",
            }
        )
    )
    assert found.users == (("preferred_username", MAILBOX),)
    assert found.app_id == "an-app"
    assert found.scopes == ("SMTP.Send", "User.Read")
    assert found.expires_at is None


def test_every_claim_that_names_the_account_is_kept_and_the_first_counts() -> None:
    found = claims_of(jwt(email="e@x.example", unique_name="n@x.example", upn="u@x.example"))
    assert found.users == (("upn", "u@x.example"), ("unique_name", "n@x.example"), ("email", "e@x.example"))
    assert found.user == "u@x.example"


def test_the_token_of_an_application_is_known_by_its_type_or_by_what_it_lacks() -> None:
    assert claims_of(jwt(scp=None, upn=None, roles=["SMTP.SendAsApp"], idtyp="app")).app_only
    assert claims_of(jwt(scp=None, upn=None, roles=["SMTP.SendAsApp"])).roles == ("SMTP.SendAsApp",)
    assert claims_of(jwt(scp=None, upn=None, roles=["SMTP.SendAsApp"])).app_only
    assert not claims_of(jwt(idtyp="user")).app_only


def test_scopes_of_other_providers_are_read_under_their_name() -> None:
    assert claims_of(jwt(scp=None, scope="openid smtp")).scopes == ("openid", "smtp")
    assert claims_of(jwt(scp=["a", "b", 1, None])).scopes == ("a", "b")


def test_an_audience_may_be_a_list() -> None:
    assert claims_of(jwt(aud=[AUDIENCE])).audience == AUDIENCE
    assert claims_of(jwt(aud=[AUDIENCE, "b"])).audience == f"{AUDIENCE} b"
    assert claims_of(jwt(aud=[])).audience == ""


def test_the_fingerprint_is_that_of_the_whole_token_and_tells_tokens_apart() -> None:
    token = jwt()
    assert claims_of(token).fingerprint == hashlib.sha256(token.encode()).hexdigest()[:16]
    assert claims_of(token).fingerprint != claims_of(token[:-1]).fingerprint


def test_nothing_of_a_token_is_kept_but_its_claims() -> None:
    token = jwt()
    assert not any(piece in repr(claims_of(token)) for piece in token.split("."))


# --- claims that are not what they should be


@pytest.mark.parametrize("value", [None, 1, True, {}, [], [1], {"a": "b"}, 1.5])
@pytest.mark.parametrize("name", NAMES)
def test_a_claim_of_a_wrong_type_counts_as_missing_or_is_read_as_what_it_is(name: str, value: Any) -> None:
    found = claims_of(raw(f'{{"aud": "a", "{name}": {_json(value)}}}'))
    texts: tuple[Any, ...] = (found.audience, *found.scopes, *found.roles, *(user for _, user in found.users))
    assert {type(text) for text in texts} == {str}
    assert found.tenant is None
    assert found.user is None


def _json(value: Any) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(
    "date", ["1e30", "1e999", "-1e30", "NaN", "Infinity", "-Infinity", "9" * 400, '"tomorrow"', "true", "null", "[]"]
)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_date_that_is_none_is_missing(name: str, date: str) -> None:
    found = claims_of(raw(f'{{"aud": "a", "{name}": {date}}}'))
    assert (found.expires_at, found.not_before, found.issued_at) == (None, None, None)


def test_a_date_may_have_fractions() -> None:
    assert claims_of(jwt(exp=1.5)).expires_at == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("payload", ["[]", "null", "1", '"text"', "true"])
def test_a_token_without_claims_is_damaged(payload: str) -> None:
    found = read_token(Secret(raw(payload)))
    assert isinstance(found, Unreadable)
    assert str(found.problem) == "it holds no claims"


@pytest.mark.parametrize("payload", ["", "{", '{"aud": }', "\x00", "not json"])
def test_a_token_whose_claims_are_no_json_is_damaged(payload: str) -> None:
    found = read_token(Secret(raw(payload)))
    assert isinstance(found, Unreadable)
    assert str(found.problem) == "it is not JSON in base64url"


# A few kilobytes are enough to nest deeper than the parser goes, and a token may come from any provider or file.
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_token_that_nests_without_end_is_damaged(opening: str) -> None:
    assert isinstance(read_token(Secret(raw('{"aud": "x", "z": ' + opening * 200_000))), Unreadable)


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("eyJhbGciOiJub25lIn0", "1 parts in place of 3"),
        (f"{HEADER}.{HEADER}", "2 parts in place of 3"),
        (f"{HEADER}.{HEADER}.x.y.z", "5 parts in place of 3"),
        (f"{HEADER}.{HEADER}.", "the signature is missing"),
        (f"{HEADER}..x", "it is not JSON in base64url"),
        ("eyJ.e30.x", "it is not JSON in base64url"),
        (f"{HEADER}.\u00e9.x", "it is not JSON in base64url"),
        (f"{HEADER}.A.x", "it is not JSON in base64url"),
    ],
)
def test_a_damaged_token_says_what_is_wrong(token: str, problem: str) -> None:
    found = read_token(Secret(token))
    assert isinstance(found, Unreadable)
    assert (found.length, str(found.problem)) == (len(token), problem)


@pytest.mark.parametrize("token", ["", "e", "ey", "EwBAA8l6BAAU" * 40, "ya29.a0Af", "{}", "opaque"])
def test_what_is_no_jwt_is_opaque(token: str) -> None:
    assert read_token(Secret(token)) == Opaque(length=len(token))


def test_a_token_cut_off_anywhere_is_damaged_or_says_what_it_said() -> None:
    token = jwt()
    whole = claims_of(token)
    body_ends = token.rindex(".")
    for length in range(len(token)):
        found = read_token(Secret(token[:length]))
        if length < 3:
            assert found == Opaque(length=length)
        elif length <= body_ends + 1:
            assert isinstance(found, Unreadable)
            assert found.length == length
        else:  # the signature is not looked at
            assert isinstance(found, Claims)
            assert found.audience == whole.audience


def test_a_token_that_lost_its_beginning_is_never_taken_for_another() -> None:
    token = jwt()
    for lost in range(1, len(token)):
        assert not isinstance(read_token(Secret(token[lost:])), Claims)


@given(st.text())
def test_any_text_at_all_is_read_as_something(text: str) -> None:
    assert isinstance(read_token(Secret(text)), Opaque | Unreadable)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_claims_at_all_are_read(claims: dict[str, Any]) -> None:
    assert isinstance(read_token(Secret(raw(_json(claims)))), Claims)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_in_the_place_of_header_and_claims_are_read(header: bytes, payload: bytes) -> None:
    token = f"eyJ{base64.urlsafe_b64encode(header).decode()}.{base64.urlsafe_b64encode(payload).decode()}.sig"
    assert isinstance(read_token(Secret(token)), Claims | Unreadable)


# --- what can be a token at all


@pytest.mark.parametrize("text", ["abc", "a.b.c", "a-b_c~d+e/f==", jwt()])
def test_a_token_has_the_characters_of_rfc_6750(text: str) -> None:
    assert is_token_shaped(text)


@pytest.mark.parametrize("text", ["", " ", "a b", "a\n", "\x01", "a=b", "{}", '"a"', "é", "a\x00"])
def test_anything_else_cannot_stand_behind_bearer(text: str) -> None:
    assert not is_token_shaped(text)
