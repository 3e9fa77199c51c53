"""A log may hold secrets; an explanation never does."""

import base64
import textwrap
from collections.abc import Mapping

import pytest

from diag.explanation import explain

REFUSED = "535 5.7.3 Authentication unsuccessful"
PAYLOAD = "eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlMzY1LmNvbSIsInVwbiI6InNjYW5uZXJAY29udG9zby5jb20ifQ"
SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1pbnZlbnRlZA"
TOKEN = f"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{SIGNATURE}"
XOAUTH2 = base64.b64encode(f"user=scanner@contoso.com\1auth=Bearer {TOKEN}\1\1".encode()).decode()
REFRESH = "1.AXoAv4j5cvGGr0GRqy180BHbR7I5abcdefghijklmnopqrstuvwxyz0123456789AgABAAEAAAAmoFfGtYxvRrNriQdPKIZAgDs"
PERSONAL_REFRESH = "M.C512_BAY.0.U.-Cg9ufghjklqwertzuiopasdfghjklyxcvbnm1234567890QWERTZ"
PASSWORD = "Hemlig-123"


def shown(text: str) -> str:
    findings = explain(text).findings
    assert findings, "a text without a finding hides everything"
    return "\n".join(finding.text for finding in findings)


# What a log may hold beside a refusal, and what of it must not be seen again.
LINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "token": (f"token={TOKEN}", (PAYLOAD, SIGNATURE)),
    "token in a sentence": (f"the token {TOKEN} was refused", (PAYLOAD, SIGNATURE)),
    "token over lines": (f"the token was\n{chr(10).join(textwrap.wrap(TOKEN, 64))}", (PAYLOAD[-20:], SIGNATURE[:20])),
    "AUTH XOAUTH2": (f"AUTH XOAUTH2 {XOAUTH2}", (XOAUTH2[:40], XOAUTH2[-40:])),
    "AUTH XOAUTH2, quoted": (f"(sent 'AUTH XOAUTH2 {XOAUTH2}\\r\\n')", (XOAUTH2[:40], XOAUTH2[-40:])),
    "base64": (f"auth string {XOAUTH2}", (XOAUTH2[:40], XOAUTH2[-40:])),
    "base64 over lines": (
        f"auth string\n{chr(10).join(textwrap.wrap(XOAUTH2, 76))}",
        (XOAUTH2[:40], XOAUTH2[80:120]),
    ),
    "AUTH PLAIN": ("AUTH PLAIN AHNjYW5uZXIASGVtbGlnLTEyMw==", ("AHNjYW5uZXIASGVtbGlnLTEyMw",)),
    "Bearer": (f"Authorization: Bearer {PASSWORD}", (PASSWORD,)),
    "bearer": (f"authorization: bearer {PASSWORD}", (PASSWORD,)),
    "password=": (f"password={PASSWORD}", (PASSWORD,)),
    "Password:": (f"Password: {PASSWORD}", (PASSWORD,)),
    "password in JSON": (f'{{"user": "scanner", "password": "{PASSWORD}"}}', (PASSWORD,)),
    "password in Python": (f"{{'password': '{PASSWORD}'}}", (PASSWORD,)),
    "password of three words": ('{"password": "Hemlig och lang"}', ("och lang",)),
    "pass in JavaScript": (f"auth: {{ user: 'scanner', pass: '{PASSWORD}' }}", (PASSWORD,)),
    "pass in the environment": (f"SMTP_PASS={PASSWORD}", (PASSWORD,)),
    "password in the environment": (f"SMTP_PASSWORD={PASSWORD}", (PASSWORD,)),
    "password in French": (f"Mot de passe : {PASSWORD}", (PASSWORD,)),
    "password in proper French": (f"mot de passe\u00a0: {PASSWORD}", (PASSWORD,)),
    "password in a form": (f"grant_type=password&username=scanner%40contoso.com&password={PASSWORD}", (PASSWORD,)),
    "client secret": (f"client_secret={PASSWORD}", (PASSWORD,)),
    "client secret in JSON": (f'"client_secret":"{PASSWORD}"', (PASSWORD,)),
    "refresh token": (f"refresh_token={REFRESH}", (REFRESH[6:40], REFRESH[-20:])),
    "refresh token of a person": (f'"refresh_token":"{PERSONAL_REFRESH}"', (PERSONAL_REFRESH[-20:],)),
    "refresh token, not named": (f"stored {REFRESH}", (REFRESH[6:40], REFRESH[-20:])),
    "refresh token of a person, not named": (f"stored {PERSONAL_REFRESH}", (PERSONAL_REFRESH[-20:],)),
}


@pytest.mark.parametrize(
    "layout", ["{refused} {line}", "{refused}\n{line}", "{line} {refused}", "{line}\n{refused}"], ids=range(4)
)
@pytest.mark.parametrize(("line", "secrets"), LINES.values(), ids=LINES)
def test_no_secret_is_shown(line: str, secrets: tuple[str, ...], layout: str) -> None:
    said = shown(layout.format(refused=REFUSED, line=line))
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("mark", ["", "C: "])
def test_what_is_typed_into_auth_login_is_not_shown(mark: str) -> None:
    typed = "SGVtbGlnLTEyMw=="
    text = f"{mark}AUTH LOGIN\n334 VXNlcm5hbWU6\n{mark}c2Nhbm5lcg==\n334 UGFzc3dvcmQ6\n{mark}{typed}\n{REFUSED}"
    assert typed not in shown(text)


def test_nor_is_it_beside_a_number_of_the_sign_in_service() -> None:
    text = f"AADSTS50126: Invalid username or password. grant_type=password&password={PASSWORD}&refresh_token={REFRESH}"
    assert PASSWORD not in shown(text)
    assert REFRESH[6:40] not in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        f"DEBUG SMTP: AUTH LOGIN failed {REFUSED}",
        f"{REFUSED}, the password was not accepted",
        f"{REFUSED} [AM0PR02CA0134.eurprd02.prod.outlook.com 2026-11-23T04:27:23.358Z 08DE2C20D8DDB635]",
        "AADSTS65001: Trace ID: 7e0359ea-80f1-50c0-afc9-24aa20952800",
        "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Cannot submit",
    ],
)
def test_what_is_no_secret_is_shown_word_for_word(text: str) -> None:
    assert shown(text) == text
