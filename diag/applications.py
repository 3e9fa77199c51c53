"""The applications that a tenant has registered for diag, and the steps that would put them right.

An application is two objects: its registration, and the enterprise application that stands for it in the tenant and
holds what was consented. Nothing here judges; what is wanted, and what lacks, is said by diag.setup.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from diag.obstacle import NotAnswered

MICROSOFT_GRAPH_ID = "00000003-0000-0000-c000-000000000000"
SINGLE_TENANT = "AzureADMyOrg"

Kind: TypeAlias = Literal["delegated", "application"]
"""On behalf of a person who signs in, or of the application by itself."""


class Purpose(StrEnum):
    """What an application is for: its token goes to the mail server, or an administrator signs in with it."""

    SMTP = "smtp"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A permission of a service; `service` is the service's application id, `value` empty where it is not known."""

    service: str
    id: str
    kind: Kind
    value: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """A permission that was granted; of a delegated one also whether to everybody, or to one person alone."""

    service: str
    value: str
    kind: Kind
    everybody: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of Microsoft's services as the tenant has it, with all that can be asked of it."""

    client_id: str
    object_id: str
    permissions: tuple[Permission, ...]

    def permission(self, value: str, kind: Kind) -> Permission | None:
        """Return a permission by its name; None where the service has none of that name."""
        return next((one for one in self.permissions if (one.value, one.kind) == (value, kind)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A registration as it was read.

    `enterprise` is the object id of its enterprise application, None where there is none yet; `consented` is what was
    granted to it. `public` is whether a device code may be used, None where nobody ever said.
    """

    object_id: str
    client_id: str
    name: str
    audience: str
    public: bool | None
    requires: tuple[Permission, ...]
    enterprise: str | None
    consented: tuple[Consented, ...] | NotAnswered = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What was read: the services whose permissions are asked for, and what is registered under each name."""

    services: tuple[Service, ...]
    registered: Mapping[str, tuple[Application, ...]]

    def service(self, client_id: str) -> Service | None:
        """Return a service by its application id."""
        return next((one for one in self.services if one.client_id == client_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Register an application: of this tenant alone, allowed to use a device code."""

    name: str
    requires: tuple[Permission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend:
    """Change a registration: what is false or empty stays. `requires` is what it asks for already, `adds` the rest."""

    name: str
    object_id: str
    single_tenant: bool = False
    public: bool = False
    requires: tuple[Permission, ...] = ()
    adds: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """Make the enterprise application of a registration; `client_id` is None until that is registered."""

    name: str
    client_id: str | None


Step: TypeAlias = Register | Amend | Enrol


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A step was taken; `client_id` is the application's, where it is new."""

    client_id: str | None = None
