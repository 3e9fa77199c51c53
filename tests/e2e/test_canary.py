"""No secret reaches an output, a log, a file or a traceback: plain, URL-encoded, or in base64 at any alignment."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.command import Ran, diag

JWT = re.compile(r"eyJ[A-Za-z0-9_-]{12,}")
BODY = base64.urlsafe_b64encode(b'{"aud":"https://outlook.office.com","upn":"scanner@contoso.com","scp":"SMTP.Send"}')
CANARY = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + BODY.decode().rstrip("=") + "." + "CaNaRy4SeCrEt" * 60
ECHO = """
title.en = "A server that echoes"
title.fr = "Un serveur qui répète"
story.en = "It puts the sign-in into its refusal."
story.fr = "Il met la connexion dans son refus."
[run]
auth = "token"
[smtp]
echo_auth = true
"""


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        yield base64.b64encode(b"x" * before + secret.encode()).decode()[4:-4]


def assert_hidden(secret: str, texts: dict[str, str]) -> None:
    """Fail where 16 characters in a row of any spelling stand in any of the texts."""
    for spelling in spellings(secret):
        for at in range(0, len(spelling) - 15, 5):
            for place, text in texts.items():
                assert spelling[at : at + 16] not in text, place


def left_behind(ran: Ran, folder: Path, *secrets: Path) -> dict[str, str]:
    files = {str(file): file.read_text("utf-8", "replace") for file in folder.rglob("*") if file.is_file()}
    return {"stdout": ran.out, "stderr": ran.err} | {
        name: text for name, text in files.items() if Path(name) not in secrets
    }


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize("scenario", ["healthy", "esmtp-inspection", "tls-intercepted", "echo"])
def test_a_given_token_shows_nowhere(form: str, scenario: str, tmp_path: Path) -> None:
    token, echo = tmp_path / "token.txt", tmp_path / "echo.toml"
    token.write_text(CANARY, encoding="utf-8")
    echo.write_text(ECHO, encoding="utf-8")
    ran = diag(
        *("scan-to-email", "scanner@contoso.com", "--lab", str(echo) if scenario == "echo" else scenario),
        *("--token-file", str(token), "--format", form, "--verbose", "--evidence", str(tmp_path / "evidence.json")),
        folder=tmp_path,
        DIAG_LOG="debug",
        PYTHONASYNCIODEBUG="1",
    )
    assert ran.code in {1, 3}, ran.err
    assert_hidden(CANARY, left_behind(ran, tmp_path, token))


@pytest.mark.parametrize("scenario", ["healthy", "authenticated-smtp-off", "refresh-token-dead", "app-only-not-set-up"])
def test_no_token_that_was_issued_shows_anywhere(scenario: str, tmp_path: Path) -> None:
    ran = diag(
        *("scan-to-email", "scanner@contoso.com", "--lab", scenario, "--verbose"),
        *("--evidence", str(tmp_path / "evidence.json")),
        folder=tmp_path,
        DIAG_LOG="debug",
    )
    for place, text in left_behind(ran, tmp_path).items():
        assert not JWT.search(text), place


@pytest.mark.parametrize(
    "command",
    [
        ["scan-to-email", "scanner@contoso.com", "--fix", "--yes", "--wait", "1m", "--verbose"],
        ["smtp-auth", "enable", "scanner@contoso.com", "--yes", "--verbose"],
        ["smtp-auth", "get", "scanner@contoso.com", "--backend", "graph"],
        ["smtp-auth", "get", "scanner@contoso.com", "--admin-client-id", "ad314b1e-0000-4d1a-9f00-0123456789ab"],
        ["login"],
    ],
)
def test_no_token_of_an_administrator_shows_anywhere(command: list[str], tmp_path: Path) -> None:
    ran = diag(*command, "--lab", "authenticated-smtp-off", folder=tmp_path, DIAG_LOG="debug")
    assert ran.code in {0, 5}, ran.err
    for place, text in left_behind(ran, tmp_path).items():
        assert not JWT.search(text), place


def test_an_administrators_secret_shows_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("CaNaRy~SeCrEt.0123456789abcdef", encoding="utf-8")
    ran = diag(
        *("smtp-auth", "get", "scanner@contoso.com", "--lab", "authenticated-smtp-off"),
        *("--admin-client-id", "ad314b1e-0000-4d1a-9f00-0123456789ab", "--admin-client-secret-file", str(secret)),
        folder=tmp_path,
        DIAG_LOG="debug",
    )
    assert "AADSTS7000215" in ran.out, ran.err
    assert_hidden(secret.read_text(encoding="utf-8"), left_behind(ran, tmp_path, secret))


def test_a_refresh_token_and_a_client_secret_show_nowhere(tmp_path: Path) -> None:
    stored, secret = tmp_path / "stored.json", "CaNaRy-client-secret-0123456789-abcdefgh"
    refresh = "0.AXoA" + "CaNaRyReFrEsH" * 50
    stored.write_text(json.dumps({"refresh_token": refresh}), encoding="utf-8")
    evidence = ("--evidence", str(tmp_path / "evidence.json"), "--verbose")
    arguments = ("scan-to-email", "scanner@contoso.com", "--lab", "healthy", *evidence)
    redeemed = diag(*arguments, "--token-file", str(stored), folder=tmp_path, DIAG_LOG="debug")
    assert redeemed.code in {1, 3}, redeemed.err
    assert_hidden(refresh, left_behind(redeemed, tmp_path, stored))
    file = tmp_path / "secret.txt"
    file.write_text(secret, encoding="utf-8")
    by_itself = diag(*arguments, "--auth", "app", "--client-secret-file", str(file), folder=tmp_path, DIAG_LOG="debug")
    assert by_itself.code == 1, by_itself.err
    assert_hidden(secret, left_behind(by_itself, tmp_path, stored, file))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--token", CANARY),
        (f"--token={CANARY}",),
        ("--token-file", CANARY),
        ("--client-secret", "CaNaRy-client-secret-0123456789"),
        ("--password=CaNaRy-client-secret-0123456789",),
        (CANARY,),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ran = diag("scan-to-email", "scanner@contoso.com", "--lab", "healthy", *arguments, folder=tmp_path)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) <= 3
    assert ran.out == ""
    for secret in (CANARY, "CaNaRy-client-secret-0123456789"):
        assert_hidden(secret, left_behind(ran, tmp_path))


def test_a_token_that_is_no_token_is_not_repeated_either(tmp_path: Path) -> None:
    bad = "CaNaRy SeCrEt with blanks and \x01 " * 20
    ran = diag("scan-to-email", "scanner@contoso.com", folder=tmp_path, DIAG_TOKEN=bad.replace("\x01", ""))
    assert ran.code == 2
    assert_hidden(bad, left_behind(ran, tmp_path))
