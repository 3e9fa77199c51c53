"""Does Exchange Online know the application that signs in by itself, under the right id?"""

from checks.asked import answer, found
from checks.signing_in import Reached, is_alone, reached
from diag.directory import Registration
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, Skipped, likely
from diag.sentence import say
from diag.stage import Stage


def judge(evidence: Evidence) -> Outcome:
    """What Exchange holds is not read; but where it refuses, both ids are told, as the wrong one is often used."""
    app = found(evidence, lambda directory: directory.app)
    if isinstance(app, Skipped):
        return app
    if not is_alone(evidence):
        return Skipped(because=say("a person's account signs in, not an application by itself"))
    shown = say("the enterprise application {name} has the object id {id}", name=app.name, id=app.object_id)
    if reached(evidence) is not Reached.REFUSED_BARE:
        return Passed(shown=shown)
    because = say(
        "Exchange Online must know the app by the object id {id} of the enterprise application"
        " (New-ServicePrincipal -AppId {client} -ObjectId {id}).",
        id=app.object_id,
        client=app.client_id,
    )
    registration = answer(evidence, lambda directory: directory.registration)
    if isinstance(registration, Registration):
        because = say(
            "{said} The object id {wrong} of its registration is the wrong one.",
            said=because,
            wrong=registration.object_id,
        )
    return Failed(shown=shown, suspects=(likely("app_only_not_set_up", because),))


CHECK = Check("app-in-exchange", say("Exchange Online knows the app by the right id"), Stage.DIRECTORY, judge)
