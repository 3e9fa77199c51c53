"""Will the application's secret or certificate hold for a while?"""

from datetime import timedelta

from checks.asked import found
from checks.reading import server_now
from checks.signing_in import Reached, is_alone, reached, unless_named
from diag.directory import AppCredential, Registration
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, proven
from diag.sentence import Sentence, say
from diag.stage import Stage

_SOON = timedelta(days=30)


def _named(credential: AppCredential) -> Sentence:
    if credential.form == "secret":
        return say("The secret '{name}'", name=credential.name or "-")
    return say("The certificate '{name}'", name=credential.name or "-")


def _judged(evidence: Evidence, registration: Registration) -> Outcome:
    now = server_now(evidence)
    if not registration.credentials:
        return Skipped(because=say("the registration shows neither a secret nor a certificate"))
    endless = [one for one in registration.credentials if one.ends_at is None]
    dated = [(one.ends_at, one) for one in registration.credentials if one.ends_at is not None]
    if endless or not dated:
        return Passed(shown=say("without an end"), clears=unless_named(evidence, clears=("client_secret_expired",)))
    ends, last = max(dated, key=lambda pair: pair[0])
    until = f"{ends:%Y-%m-%d}"
    named = _named(last)
    if ends <= now and reached(evidence) is not Reached.ACCEPTED:
        because = say("{credential} of the app ended on {until}, and none lasts longer.", credential=named, until=until)
        ended = proven("client_secret_expired", because)
        if last.form == "certificate":
            ended = proven("client_certificate_wrong", because)
        return Failed(shown=say("ended on {until}", until=until), suspects=(ended,))
    if ends - now <= _SOON:
        because = say("{credential} of the app ends on {until}, and none lasts longer.", credential=named, until=until)
        return Failed(shown=say("until {until}", until=until), suspects=(proven("app_credential_expiring", because),))
    return Passed(
        shown=say("until {until}", until=until), clears=unless_named(evidence, clears=("client_secret_expired",))
    )


def judge(evidence: Evidence) -> Outcome:
    """The one that lasts longest decides: which of several a device uses is not known."""
    registration = found(evidence, lambda directory: directory.registration)
    if isinstance(registration, Skipped):
        return registration
    if not is_alone(evidence):
        return Skipped(because=say("a person's account signs in, not an application by itself"))
    return _judged(evidence, registration)


CHECK = Check("credential-valid", say("The app's secret or certificate holds for a while"), Stage.DIRECTORY, judge)
