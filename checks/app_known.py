"""Does the organisation know the device's application, and let people sign in with it?"""

from checks.asked import answer, skipped
from checks.signing_in import Reached, codes, is_alone, named_by_service, reached, unless_named
from diag.directory import EnterpriseApp
from diag.evidence import Evidence, Granted, Refusal
from diag.obstacle import NotAnswered, Obstacle
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, Suspicion, likely, possible, proven
from diag.sentence import Sentence, say
from diag.stage import Stage

_NOT_ASSIGNED = 50105
_NOT_BLOCKED = "notdisabled"


def _why_missing(evidence: Evidence, because: Sentence) -> Suspicion:
    """Somebody's first consent brings an app into a tenant; without consent there is none, and it may be mistyped."""
    if "app_not_found" in named_by_service(evidence):
        return proven("app_not_found", because)
    if is_alone(evidence):
        return likely("app_not_found", because)
    refused = isinstance(evidence.sign_in.acquisition, Refusal) and not named_by_service(evidence)
    return (likely if refused else possible)("consent_missing", because)


def _missing(evidence: Evidence, nothing: NotAnswered) -> Outcome:
    if reached(evidence) is Reached.ACCEPTED or isinstance(evidence.sign_in.acquisition, Granted):
        return Skipped(because=say("a token was issued, but the organisation that was asked does not know the app"))
    client = evidence.sign_in.client_id or "-"
    because = say("The organisation has no enterprise application with the client id {client}.", client=client)
    return Failed(shown=nothing.because, suspects=(_why_missing(evidence, because),))


def _switched_off(evidence: Evidence, app: EnterpriseApp) -> Outcome | None:
    blocked = app.blocked_by_microsoft if (app.blocked_by_microsoft or "").lower() != _NOT_BLOCKED else None
    if app.enabled is not False and not blocked:
        return None
    shown = say("{name} is switched off", name=app.name)
    if reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=say("{said}, and yet the token was still accepted", said=shown))
    because = say("The enterprise application {name} is switched off.", name=app.name)
    if blocked:
        because = say("Microsoft has switched the application {name} off ({status}).", name=app.name, status=blocked)
    return Failed(shown=shown, suspects=(proven("app_disabled", because),))


def _known(evidence: Evidence, app: EnterpriseApp) -> Outcome:
    shown = say("{name} ({client})", name=app.name, client=app.client_id)
    cleared = unless_named(evidence, clears=("app_not_found", "app_disabled"))
    if not app.assignment_required or reached(evidence) is Reached.ACCEPTED:
        return Passed(shown=shown, clears=cleared)
    if _NOT_ASSIGNED in codes(evidence):
        because = say("{name} is only for accounts assigned to it, and this one is not.", name=app.name)
        return Failed(shown=shown, suspects=(proven("consent_missing", because),), clears=cleared)
    if reached(evidence) is Reached.NO_TOKEN and not codes(evidence):
        because = say("{name} is only for accounts assigned to it; who that is was not asked.", name=app.name)
        return Failed(shown=shown, suspects=(possible("consent_missing", because),), clears=cleared)
    return Passed(shown=say("{said}, only for accounts assigned to it", said=shown), clears=cleared)


def judge(evidence: Evidence) -> Outcome:
    """Not found is an answer too."""
    match answer(evidence, lambda directory: directory.app):
        case Skipped() as nothing:
            return nothing
        case NotAnswered(obstacle=Obstacle.NOT_FOUND) as missing:
            return _missing(evidence, missing)
        case NotAnswered() as unknown:
            return skipped(unknown)
        case EnterpriseApp() as app:
            return _switched_off(evidence, app) or _known(evidence, app)


CHECK = Check("app-known", say("The organisation knows the app and lets it sign in"), Stage.DIRECTORY, judge)
