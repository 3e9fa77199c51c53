"""Error answers of the sign-in service, as Entra writes them.

Most sentences stand as they were published in error bodies; those of 50057, 70011, 90002, 700027 and 7000229 are
shortened or not from a body, and nothing may be concluded from their wording. `{...}` are filled in. Where a number is
not here, the scenario has to bring the sentence.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from diag.lab.scenario import Fault


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one number; 400 is Entra's usual status, 401 the one for wrong application credentials."""

    error: str
    sentence: str
    suberror: str = ""
    http_status: int = 400


KNOWN = {
    50057: Known("invalid_grant", "The user account is disabled."),
    50173: Known(
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password. The grant was issued on '{long_ago}' and the TokensValidFrom date "
        "(before which tokens are not valid) for this user is '{yesterday}'.",
        "bad_token",
    ),
    53003: Known(
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "message_only",
    ),
    65001: Known(
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{app}' named '{app_name}'. "
        "Send an interactive authorization request for this user and resource.",
        "consent_required",
    ),
    70011: Known("invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    70016: Known("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    70020: Known(
        "expired_token",
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),
    70043: Known(
        "invalid_grant",
        "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. "
        "The token was issued on {long_ago} and the maximum allowed lifetime for this request is 86400.",
        "token_expired",
    ),
    90002: Known(
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    500014: Known(
        "invalid_resource",
        "The service principal for resource '{resource}' is disabled. This indicate that a subscription within the "
        "tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens "
        "from being issued for it.",
    ),
    700016: Known(
        "unauthorized_client",
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700027: Known(
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered on application.",
        http_status=401,
    ),
    700082: Known(
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was issued on {long_ago} and was inactive for "
        "90.00:00:00.",
        "bad_token",
    ),
    900144: Known("invalid_request", "The request body must contain the following parameter: '{parameter}'."),
    1002012: Known(
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    7000112: Known("unauthorized_client", "Application '{app}'({app_name}) is disabled."),
    7000215: Known(
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{app}'.",
        http_status=401,
    ),
    7000218: Known(
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        http_status=401,
    ),
    7000222: Known(
        "invalid_client",
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for "
        "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
        http_status=401,
    ),
    7000229: Known(
        "unauthorized_client",
        "The client application {app} is missing service principal in the tenant {tenant}. See instructions here: "
        "https://go.microsoft.com/fwlink/?linkid=2225119",
    ),
}
_OTHER = Known("invalid_grant", "")


def body(fault: Fault, now: datetime, correlation_id: str | None, **values: str) -> tuple[dict[str, Any], int]:
    """Return the JSON of an error answer and its HTTP status; `values` fill the sentence."""
    known = KNOWN.get(fault.aadsts, _OTHER)
    sentence = fault.description or known.sentence
    values |= {
        "long_ago": _date(now - timedelta(days=120)),
        "yesterday": _date(now - timedelta(days=1)),
    }
    for key, value in values.items():
        sentence = sentence.replace("{" + key + "}", value)
    answer = plain(fault.error or known.error, f"AADSTS{fault.aadsts}: {sentence}", now, correlation_id)
    answer["error_codes"] = [fault.aadsts]
    answer["error_uri"] = f"https://login.microsoftonline.com/error?code={fault.aadsts}"
    if suberror := fault.suberror or known.suberror:
        answer["suberror"] = suberror
    if fault.policies:
        identifiers = ",".join(f'"{policy}"' for policy in fault.policies)
        # Entra puts the policies that blocked into JSON inside JSON.
        answer["claims"] = f'{{"access_token":{{"capolids":{{"essential":true,"values":[{identifiers}]}}}}}}'
    return answer, fault.http_status or known.http_status


def plain(error: str, sentence: str, now: datetime, correlation_id: str | None) -> dict[str, Any]:
    """Return an error answer without a number: where Entra's is not known, none is made up."""
    # A trace id ends in two zero bytes in every body that was seen.
    trace_id = f"{uuid.UUID(bytes=secrets.token_bytes(14) + bytes(2))}"
    correlation_id = correlation_id or str(uuid.uuid4())
    timestamp = f"{now:%Y-%m-%d %H:%M:%S}Z"
    return {
        "error": error,
        "error_description": (
            f"{sentence} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
        ),
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    }


def _date(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:06}0Z"
