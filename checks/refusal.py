"""What a refusal of the sign-in service means. Not a check: two checks read refusals alike."""

from diag.catalogue import aadsts_link, load
from diag.evidence import Auth, Refusal
from diag.outcome import Suspicion, likely, possible
from diag.sentence import Sentence, say

_BLOCKED_BY_POLICY = 53003
_SERVER_ERROR = 500


def said(refusal: Refusal) -> Sentence:
    """The service's own words, with the ids of the policies that blocked where it gave them."""
    text = refusal.description or refusal.error or f"HTTP {refusal.http_status}"
    if refusal.policies:
        policies = ", ".join(refusal.policies)
        return say("The sign-in service says: {text} (policy {policies})", text=text, policies=policies)
    return say("The sign-in service says: {text}", text=text)


def told(refusal: Refusal) -> Sentence:
    """The refusal with the ids that Microsoft's support and the sign-in log search by."""
    text = refusal.description or refusal.error or f"HTTP {refusal.http_status}"
    if not (refusal.trace_id or refusal.correlation_id):
        return say("refused: {text}", text=text)
    return say(
        "refused: {text} (trace {trace}, correlation {correlation}, {time})",
        text=text,
        trace=refusal.trace_id or "-",
        correlation=refusal.correlation_id or "-",
        time=refusal.timestamp or "-",
    )


def suspects_of(refusal: Refusal, auth: Auth | None) -> tuple[Suspicion, ...]:
    """The causes behind the AADSTS numbers, in their order; one that is not known is said to be unknown."""
    because = said(refusal)
    if _BLOCKED_BY_POLICY in refusal.codes and auth is Auth.DEVICE_CODE:
        # The number of every Conditional Access block; with a device code, the block of that flow is the usual one.
        return (likely("device_code_blocked", because), possible("conditional_access_blocked", because))
    known = [(entry, code) for code in refusal.codes if (entry := load().aadsts(code))]
    if known:
        return tuple(Suspicion(entry.cause, entry.certainty, because) for entry, _ in known)
    if refusal.codes:
        links = " ".join(map(aadsts_link, refusal.codes))
        unknown = say("{said} Look the number up: {links}", said=because, links=links)
        return (possible("sign_in_refused_unknown", unknown),)
    if refusal.error == "temporarily_unavailable" or (refusal.http_status or 0) >= _SERVER_ERROR:
        return (likely("temporary_sign_in_error", because),)
    by_error = _BY_ERROR.get(refusal.error)
    return (likely(by_error, because),) if by_error else (possible("sign_in_refused_unknown", because),)


# RFC 6749, 5.2: what any OAuth 2.0 service answers where there is no AADSTS number to go by.
_BY_ERROR = {
    "invalid_client": "client_secret_wrong",
    "invalid_scope": "scope_invalid",
    "unauthorized_client": "app_not_found",
    "consent_required": "consent_missing",
}
