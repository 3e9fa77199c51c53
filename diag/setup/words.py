"""What setting up has to say: of each step before it is taken, and of what stands in the way."""

from collections.abc import Iterable, Iterator

from diag import naming
from diag.applications import Amend, Application, Enrol, Kind, Permission, Register, Step
from diag.sentence import Sentence, say
from diag.setup.wanted import SERVICES, Asked


def listed(permissions: Iterable[Permission]) -> Sentence:
    """Name permissions, at least one: those of one service after the other, and apart what holds with nobody there."""
    by_kind: dict[tuple[str, Kind], list[str]] = {}
    for one in permissions:
        by_kind.setdefault((one.service, one.kind), []).append(one.value or one.id)
    return naming.listed([_of_service(service, kind, names) for (service, kind), names in by_kind.items()])


def _of_service(service: str, kind: Kind, names: Iterable[str]) -> Sentence:
    shown = {"service": SERVICES.get(service, service), "names": ", ".join(names)}
    if kind == "delegated":
        return say("{service} ({names})", **shown)
    return say("{service}, with nobody signed in ({names})", **shown)


def step_in_words(step: Step) -> Iterator[Sentence]:
    """Say what a step would do, one sentence for each thing it changes."""
    match step:
        case Register(name=name, requires=permissions):
            yield say(
                "Register the application {name}: for this tenant alone, with device codes allowed, and with these "
                "permissions to be asked for: {permissions}.",
                name=name,
                permissions=listed(permissions),
            )
        case Amend(name=name):
            if step.single_tenant:
                yield say("Change {name}: it is then for this tenant alone.", name=name)
            if step.public:
                yield say("Change {name}: device codes (public client flows) are then allowed.", name=name)
            if step.adds:
                yield say(
                    "Change {name}: it then also asks for {permissions}. What it asks for already stays.",
                    name=name,
                    permissions=listed(step.adds),
                )
        case Enrol(name=name):
            yield say("Make the enterprise application of {name}, which holds what is consented.", name=name)


def several(name: str, found: Iterable[Application]) -> Sentence:
    """Two registrations have the name."""
    return say(
        "{name} is the name of more than one application in this tenant ({client_ids}), and diag does not guess which "
        "is meant. Rename or delete all but one, then run it again. Nothing was sent.",
        name=name,
        client_ids=", ".join(one.client_id for one in found),
    )


def signed_in_with_the_devices(name: str) -> Sentence:
    """The application to be set up for the device is the one that was signed in with."""
    return say(
        "--admin-client-id names {name}, the device's application. Use another one: what an administrator may do must "
        "not stand in the token that goes to the mail server. Nothing was sent.",
        name=name,
    )


def not_a_permission(asked: Asked) -> Sentence:
    """The service does not have what cannot be done without."""
    return say(
        "{service} in this tenant has no permission {permission}, and without it the application is of no use. "
        "Nothing was sent.",
        service=SERVICES.get(asked.service, asked.service),
        permission=asked.value,
    )


def left_out(name: str, asked: Asked) -> Sentence:
    """The service does not have what can be done without."""
    return say(
        "{service} in this tenant has no permission {permission}; {name} goes without it, and one question stays open.",
        service=SERVICES.get(asked.service, asked.service),
        permission=asked.value,
        name=name,
    )


def consent_unread(name: str, why: Sentence) -> Sentence:
    """What was granted is not known, and so not whether it is too much."""
    return say(
        "What was consented to {name} could not be read, so it is not known whether that is too much or too "
        "little. {why}",
        name=name,
        why=why,
    )


def too_much(name: str, permissions: Iterable[str]) -> Sentence:
    """The device's application has what only an administrator may."""
    return say(
        "DANGER: {name}, whose token goes to the mail server and into devices, has what only an administrator may "
        "have: {permissions}. diag does not touch it. Take that away in the Microsoft Entra admin center, under App "
        "registrations > {name} > API permissions and under Enterprise applications > {name} > Permissions, then run "
        "this again.",
        name=name,
        permissions=", ".join(permissions),
    )
