"""A device at the lab's sign-in service, here or in another process, with plain requests."""

from typing import Any

import requests

from diag.lab import Lab, ServedLab


def _posted(lab: Lab | ServedLab, **form: str) -> dict[str, Any]:
    with requests.Session() as session:
        session.trust_env = False
        place = f"{lab.authority}/oauth2/v2.0/token"
        answer: dict[str, Any] = session.post(place, form, verify=str(lab.ca_file), timeout=20).json()
    return answer


def app_token(lab: Lab | ServedLab) -> str:
    """Return the token that the one client secret of the tenant gives: for every mailbox the same."""
    answer = _posted(
        lab,
        grant_type="client_credentials",
        client_id=lab.client_id,
        client_secret=lab.client_secret,
        scope="https://outlook.office365.com/.default",
    )
    return str(answer["access_token"])


def redeemed(lab: Lab | ServedLab, refresh_token: str) -> dict[str, Any]:
    """Return the answer to a refresh token."""
    return _posted(
        lab,
        grant_type="refresh_token",
        client_id=lab.client_id,
        refresh_token=refresh_token,
        scope="https://outlook.office.com/SMTP.Send offline_access",
    )
