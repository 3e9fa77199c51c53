"""Was the application allowed to send by SMTP?"""

from checks.asked import answer, found
from checks.signing_in import (
    SEND,
    SEND_ALONE,
    Reached,
    allows_sending,
    in_the_browser,
    is_alone,
    named_by_service,
    reached,
    unless_named,
)
from diag.directory import Account, Consent, EnterpriseApp, Grant
from diag.evidence import Claims, Evidence, Page, Refusal
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import Sentence, say
from diag.stage import Stage

_CONSENT = {"consent_missing", "admin_consent_required"}


def _covers(grant: Grant, consent: Consent, account: Account | None) -> bool:
    """Whether a grant lets this account send; true where it is one account's and nobody knows which this is."""
    mine = grant.everybody or account is None or grant.account_id == account.id
    return mine and allows_sending(grant, consent)


def _cleared(evidence: Evidence) -> tuple[str, ...]:
    """What a consent rules out; that no assignment is missing either is for the enterprise application to show."""
    app = answer(evidence, lambda directory: directory.app)
    if isinstance(app, EnterpriseApp) and not app.assignment_required:
        return unless_named(evidence, clears=("consent_missing", "admin_consent_required"))
    return unless_named(evidence, clears=("admin_consent_required",))


def _suspect(evidence: Evidence, because: Sentence) -> Suspicion:
    """Who must consent is for the sign-in to show; the directory shows only that nobody did."""
    if in_the_browser(evidence) is Page.NEEDS_APPROVAL:
        return proven("admin_consent_required", because)
    named = named_by_service(evidence) & _CONSENT
    if "admin_consent_required" in named:
        return proven("admin_consent_required", because)
    if named:
        return proven("consent_missing", because)
    # Before the first sign-in there never is one: whoever signs in may give it then.
    refused = isinstance(evidence.sign_in.acquisition, Refusal) and not named_by_service(evidence)
    return (likely if refused else possible)("consent_missing", because)


def _alone(evidence: Evidence, consent: Consent) -> Outcome:
    """Exchange's own role assignment (RBAC for Applications) needs no permission in Entra, so none proves nothing."""
    held = ", ".join(consent.roles) or "-"
    if SEND_ALONE in consent.roles:
        return Passed(shown=say("application permissions: {held}", held=held))
    if reached(evidence) is not Reached.REFUSED_BARE:
        return Passed(shown=say("no {role}, which Exchange's own role assignment may stand in for", role=SEND_ALONE))
    because = say(
        "The app holds no permission {role}; that is no proof, since Exchange's own role assignment needs none.",
        role=SEND_ALONE,
    )
    return Failed(
        shown=say("application permissions: {held}", held=held), suspects=(possible("app_only_not_set_up", because),)
    )


def judge(evidence: Evidence) -> Outcome:
    """For a person: a consent to SMTP.Send of Exchange Online, the account's own or everybody's."""
    consent = found(evidence, lambda directory: directory.consent)
    if isinstance(consent, Skipped):
        return consent
    if is_alone(evidence):
        return _alone(evidence, consent)
    known = answer(evidence, lambda directory: directory.account)
    account = known if isinstance(known, Account) else None
    covering = [grant for grant in consent.grants if _covers(grant, consent, account)]
    if covering:
        everybody = any(grant.everybody for grant in covering)
        whom = say("for everybody") if everybody else say("for one account")
        cleared = _cleared(evidence) if everybody or account is not None else ()
        return Passed(shown=say("{scope}, {whom}", scope=SEND, whom=whom), clears=cleared)
    token = evidence.sign_in.token
    held = isinstance(token, Claims) and SEND in token.scopes
    if held or reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=say("none was found in the directory, and yet the token holds it"))
    because = say("Nobody has consented to {scope} for this account and app.", scope=SEND)
    return Failed(shown=say("none for {scope}", scope=SEND), suspects=(_suspect(evidence, because),))


CHECK = Check("consent-given", say("The app was allowed to send by SMTP"), Stage.DIRECTORY, judge)
