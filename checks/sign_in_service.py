"""Does the sign-in service answer, and know the tenant?"""

from checks.reading import expects_exchange
from checks.refusal import suspects_of, told
from diag import naming
from diag.evidence import Auth, Evidence, Granted, NotAsked, Reason, Refusal, SignInService, Silence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, proven
from diag.sentence import say
from diag.stage import Stage


def _silent(silence: Silence, evidence: Evidence) -> Outcome:
    shown = say(
        "{who}: {reason} {detail}", who=silence.who, reason=naming.reason(silence.reason), detail=silence.detail
    )
    if silence.reason is Reason.TLS:
        because = say("The certificate of {who} is not trusted here: {detail}", who=silence.who, detail=silence.detail)
        return Failed(shown=shown, suspects=(proven("sign_in_tls_untrusted", because),))
    if silence.reason is Reason.PROTOCOL:
        because = say("What {who} answered is not the answer of a sign-in service.", who=silence.who)
        return Failed(shown=shown, suspects=(likely("sign_in_unreachable", because),))
    because = say("{who} did not answer ({reason}).", who=silence.who, reason=naming.reason(silence.reason))
    # Where no name resolves at all, the network is at fault, and not this service.
    nothing_resolves = silence.reason is Reason.DNS and not any(found.addresses for found in evidence.network.lookups)
    sure = likely if nothing_resolves else proven
    return Failed(shown=shown, suspects=(sure("sign_in_unreachable", because),))


def judge(evidence: Evidence) -> Outcome:
    """By its OpenID Connect discovery document, which needs no sign-in.

    Where a token was given the service is only asked about the tenant, and may as well be silent; and it has no say
    over a server that is not Exchange Online.
    """
    acquisition, discovery = evidence.sign_in.acquisition, evidence.sign_in.discovery
    given = isinstance(acquisition, Granted) and acquisition.given
    if given and (isinstance(discovery, Silence) or not expects_exchange(evidence)):
        return Skipped(because=say("a token was given, so it was not needed"))
    match discovery:
        case SignInService(device_code=False, authority=authority) if evidence.sign_in.auth is Auth.DEVICE_CODE:
            because = say("{authority} offers no sign-in by device code.", authority=authority)
            return Failed(shown=say("no device code"), suspects=(likely("device_code_not_supported", because),))
        case SignInService(issuer=issuer, tenant=tenant):
            shown = say("tenant {tenant}", tenant=tenant) if tenant else say("issuer {issuer}", issuer=issuer)
            return Passed(shown=shown, clears=("tenant_not_found", "sign_in_unreachable", "sign_in_tls_untrusted"))
        case Refusal() as refusal:
            return Failed(
                shown=told(refusal),
                suspects=suspects_of(refusal, evidence.sign_in.auth),
            )
        case Silence() as silence:
            return _silent(silence, evidence)
        case NotAsked(because=because):
            return Skipped(because=because)


CHECK = Check("sign-in-service", say("The sign-in service answers and knows the tenant"), Stage.SIGN_IN, judge)
