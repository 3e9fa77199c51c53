"""Does the app's registration allow device codes?"""

from checks.asked import found
from checks.signing_in import Reached, named_by_service, reached, unless_named
from diag.evidence import Auth, Evidence, Granted
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely, possible, proven
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """Only its own tenant shows a registration; a vendor's app keeps its own elsewhere."""
    registration = found(evidence, lambda directory: directory.registration)
    if isinstance(registration, Skipped):
        return registration
    if evidence.sign_in.auth is not Auth.DEVICE_CODE:
        return Skipped(because=say("no device code is used"))
    if registration.public_client is None:
        return Skipped(because=say("the registration does not say whether it is a public client"))
    if registration.public_client:
        return Passed(shown=say("a public client"), clears=unless_named(evidence, clears=("app_is_not_public_client",)))
    acquisition = evidence.sign_in.acquisition
    if reached(evidence) is Reached.ACCEPTED or isinstance(acquisition, Granted):
        return Passed(shown=say("no public client, and yet a token was issued"))
    because = say("In the registration of {name}, Allow public client flows is off.", name=registration.name)
    named = named_by_service(evidence)
    otherwise = possible if named else likely  # another reason was given, which comes first
    sure = proven if "app_is_not_public_client" in named else otherwise
    return Failed(shown=say("no public client"), suspects=(sure("app_is_not_public_client", because),))


CHECK = Check("public-client", say("The app's registration allows device codes"), Stage.DIRECTORY, judge)
