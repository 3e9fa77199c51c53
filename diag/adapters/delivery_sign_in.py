"""The sign-in of the application that sends reports: an application by itself, or a refresh token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from diag.adapters.credentials import AppCertificate, AppSecret, Credential, credential_from
from diag.adapters.entra import Entra
from diag.adapters.trust import Trust
from diag.evidence import Acquisition, CodeExpired, Declined, Granted, NotAsked, Reason, Refusal, Silence
from diag.health.delivery import NotDelivered
from diag.naming import reason
from diag.ports import Person
from diag.secret import Redactor, Secret
from diag.sentence import Sentence, say
from diag.subject import HOSTS, Cloud

_PASSING = frozenset({Reason.TIMEOUT, Reason.DROPPED, Reason.REFUSED, Reason.UNREACHABLE, Reason.DNS, Reason.DEADLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Where applications sign in; `service` is the sign-in service without the tenant, https and a host."""

    trust: Trust
    redactor: Redactor
    person: Person
    service: str = f"https://{HOSTS[Cloud.GLOBAL].sign_in}"
    timeout_s: float = 20

    async def token(
        self, *, tenant: str, client_id: str, secret: Secret, by_itself: str, for_person: str
    ) -> Secret | NotDelivered:
        """Ask for a token: an application with the scope `by_itself`, with a refresh token `for_person`."""
        self.redactor.add(secret)
        credential = credential_from(secret, client_id)
        if isinstance(credential, Sentence):
            return NotDelivered(because=credential, again=False)
        application = isinstance(credential, AppSecret | AppCertificate)
        async with self._service(tenant, credential, by_itself if application else for_person) as service:
            acquired = await service.acquire()
        if acquired.token is not None:
            return acquired.token
        why, may_pass = _why(acquired.acquisition)
        return NotDelivered(because=say("There is no token to send with: {why}.", why=why), again=may_pass)

    @asynccontextmanager
    async def _service(self, tenant: str, credential: Credential, scope: str) -> AsyncIterator[Entra]:
        service = Entra(
            authority=f"{self.service.rstrip('/')}/{tenant}",
            oidc=False,
            credential=credential,
            scope=scope,
            audiences=(),
            trust=self.trust,
            redactor=self.redactor,
            person=self.person,
            timeout_s=self.timeout_s,
        )
        try:
            yield service
        finally:
            service.close()


def _why(acquisition: Acquisition) -> tuple[Sentence, bool]:
    """Say why there is no token, and whether that may pass by itself."""
    match acquisition:
        case Refusal(description=words, error=error):
            return say("the sign-in service refuses the application: {words}", words=words or error), False
        case Silence(who=who, reason=cause):
            said = say("the sign-in service {host} did not answer ({reason})", host=who, reason=reason(cause))
            return said, cause in _PASSING
        case NotAsked(because=because):
            return because, True  # what keeps a service from being asked is that it is silent
        case Granted() | Declined() | CodeExpired():
            return say("the sign-in service gave no token"), False
