"""A tenant with Microsoft's two services, and the applications diag works with in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diag.applications import (
    MICROSOFT_GRAPH_ID,
    SINGLE_TENANT,
    Amend,
    Application,
    Consented,
    Enrol,
    Kind,
    Permission,
    Register,
    Sent,
    Service,
    Step,
    Tenant,
)
from diag.obstacle import NotAnswered, Obstacle
from diag.sentence import say
from diag.setup.wanted import wanted
from diag.subject import EXCHANGE_ONLINE_ID

READING = ("User.Read.All", "Policy.Read.All")
BOTH = wanted(READING)
SMTP, ADMIN = "diag SMTP", "diag administrator"
UNANSWERED = NotAnswered(obstacle=Obstacle.UNREACHABLE, because=say("Nobody answered."))


def _permission(service: str, value: str, kind: Kind = "delegated") -> Permission:
    return Permission(service=service, id=f"id of {value}", kind=kind, value=value)


SEND, MANAGE = _permission(EXCHANGE_ONLINE_ID, "SMTP.Send"), _permission(EXCHANGE_ONLINE_ID, "Exchange.Manage")
SEND_AS_APP = _permission(EXCHANGE_ONLINE_ID, "SMTP.SendAsApp", "application")
READ = tuple(_permission(MICROSOFT_GRAPH_ID, value) for value in READING)
USER_READ = _permission(MICROSOFT_GRAPH_ID, "User.Read")
SERVICES = (
    Service(client_id=EXCHANGE_ONLINE_ID, object_id="exchange", permissions=(SEND, MANAGE, SEND_AS_APP)),
    Service(client_id=MICROSOFT_GRAPH_ID, object_id="graph", permissions=(*READ, USER_READ)),
)


def consent(*permissions: Permission, everybody: bool = True) -> tuple[Consented, ...]:
    return tuple(
        Consented(service=one.service, value=one.value, kind=one.kind, everybody=everybody) for one in permissions
    )


SMTP_APP = Application(
    object_id="smtp-object",
    client_id="smtp-client",
    name=SMTP,
    audience=SINGLE_TENANT,
    public=True,
    requires=(SEND,),
    enterprise="smtp-enterprise",
    consented=consent(SEND),
)
ADMIN_APP = Application(
    object_id="admin-object",
    client_id="admin-client",
    name=ADMIN,
    audience=SINGLE_TENANT,
    public=True,
    requires=(MANAGE, *READ),
    enterprise="admin-enterprise",
    consented=consent(MANAGE, *READ),
)


def tenant(*applications: Application, services: tuple[Service, ...] = SERVICES) -> Tenant:
    names = (SMTP, ADMIN)
    return Tenant(
        services=services,
        registered={name: tuple(one for one in applications if one.name == name) for name in names},
    )


@dataclass
class Registry:
    """The `Applications` port as a tenant that keeps what it is told; the steps at `lost` come to nothing.

    A step that is `late` is done though nobody answers it; `blind` is from which look on nothing can be read.
    """

    applications: dict[str, Application] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()
    blind: int = 99
    hides: frozenset[str] = frozenset()
    taken: list[Step] = field(default_factory=list)
    looked: list[Mapping[str, str | None]] = field(default_factory=list)

    async def look(self, names: Mapping[str, str | None]) -> Tenant | NotAnswered:
        self.looked.append(dict(names))
        if len(self.looked) >= self.blind:
            return UNANSWERED
        return tenant(*(one for one in self.applications.values() if one.name not in self.hides))

    async def take(self, step: Step) -> Sent | NotAnswered:
        self.taken.append(step)
        number = len(self.taken)
        if number in self.lost:
            return UNANSWERED
        sent = self._do(step)
        return UNANSWERED if number in self.late else sent

    def _do(self, step: Step) -> Sent:
        match step:
            case Register(name=name, requires=requires):
                made = replace(SMTP_APP, name=name, object_id=f"{name} object", client_id=f"{name} client")
                self.applications[name] = replace(made, requires=requires, enterprise=None, consented=())
                return Sent(client_id=f"{name} client")
            case Amend(name=name):
                app = self.applications[name]
                changed = replace(app, requires=(*step.requires, *step.adds)) if step.adds else app
                changed = replace(changed, public=True) if step.public else changed
                self.applications[name] = replace(changed, audience=SINGLE_TENANT) if step.single_tenant else changed
            case Enrol(name=name, client_id=client_id):
                assert client_id == self.applications[name].client_id
                self.applications[name] = replace(self.applications[name], enterprise=f"{name} enterprise")
        return Sent()
