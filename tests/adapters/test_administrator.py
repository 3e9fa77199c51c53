"""The administrator's sign-in, by real msal at the lab's sign-in service."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from diag.adapters.administrator import Administrator, Resource, new_cache
from diag.adapters.credentials import AppSecret, Credential, DeviceCode
from diag.adapters.entra import Entra
from diag.adapters.trust import trust
from diag.evidence import BrowserShowed, Claims
from diag.lab import Lab, load_scenario
from diag.obstacle import NotAnswered, Obstacle
from diag.secret import Redactor, Secret
from diag.sentence import Sentence
from diag.token import read_token

HEALTHY = load_scenario("healthy")
SCOPES = {
    Resource.EXCHANGE: "https://outlook.office365.com/Exchange.Manage",
    Resource.GRAPH: "https://graph.microsoft.com/.default",
}


@dataclass
class Somebody:
    """Counts the codes that were shown."""

    codes: list[str] = field(default_factory=list)

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        pass

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        self.codes.append(code.reveal())

    def browser_showed(self) -> BrowserShowed | None:
        return None


@contextmanager
def signing_in(
    lab: Lab, credential: Credential, cache: Any, *, may_ask: bool = True
) -> Iterator[tuple[Administrator, Somebody]]:
    person, redactor = Somebody(), Redactor()
    services = {
        resource: Entra(
            authority=lab.authority,
            oidc=False,
            credential=credential,
            scope=scope if isinstance(credential, DeviceCode) else f"{scope.rpartition('/')[0]}/.default",
            audiences=(),
            trust=trust(lab.ca_file),
            redactor=redactor,
            person=person,
            cache=cache,
        )
        for resource, scope in SCOPES.items()
    }
    try:
        yield Administrator(services=services, may_ask=may_ask), person
    finally:
        for service in services.values():
            service.close()


def claims(token: Secret | NotAnswered) -> Claims:
    assert isinstance(token, Secret), token
    found = read_token(token)
    assert isinstance(found, Claims)
    return found


async def both(administrator: Administrator) -> tuple[Claims, Claims]:
    tokens = await asyncio.gather(*(administrator.token(resource) for resource in Resource))
    return claims(tokens[0]), claims(tokens[1])


def test_one_code_is_enough_for_both_services_however_they_are_asked() -> None:
    with Lab(HEALTHY) as lab, signing_in(lab, DeviceCode(client_id=lab.admin_client_id), new_cache()) as (one, person):
        exchange, graph = asyncio.run(both(one))
    assert (exchange.scopes, exchange.user) == (("Exchange.Manage",), "admin@contoso.com")
    assert "User.Read.All" in graph.scopes
    assert "Exchange.Manage" not in graph.scopes
    assert len(person.codes) == 1


def test_a_sign_in_that_is_kept_is_renewed_with_nobody_asked() -> None:
    cache = new_cache()
    with Lab(HEALTHY) as lab:
        credential = DeviceCode(client_id=lab.admin_client_id)
        with signing_in(lab, credential, cache) as (first, _):
            asyncio.run(first.ready())
        with signing_in(lab, credential, cache, may_ask=False) as (later, person):
            exchange, graph = asyncio.run(both(later))
    assert (exchange.user, graph.user) == ("admin@contoso.com", "admin@contoso.com")
    assert person.codes == []


def test_without_a_kept_sign_in_and_with_nobody_to_ask_there_is_no_token_and_it_says_so() -> None:
    with Lab(HEALTHY) as lab:
        credential = DeviceCode(client_id=lab.admin_client_id)
        with signing_in(lab, credential, new_cache(), may_ask=False) as (one, person):
            asyncio.run(one.ready())
            answer = asyncio.run(one.token(Resource.GRAPH))
    assert isinstance(answer, NotAnswered)
    assert (answer.obstacle, str(answer.because)) == (Obstacle.NO_TOKEN, "no administrator is signed in")
    assert person.codes == []


def test_an_application_by_itself_has_roles_in_place_of_permissions() -> None:
    with Lab(HEALTHY) as lab:
        credential = AppSecret(client_id=lab.admin_client_id, secret=Secret(lab.admin_client_secret))
        with signing_in(lab, credential, None) as (one, person):
            exchange, graph = asyncio.run(both(one))
    assert exchange.app_only
    assert exchange.roles == ("Exchange.ManageAsApp",)
    assert "User.Read.All" in graph.roles
    assert person.codes == []


def test_a_refusal_is_told_in_the_words_of_the_service() -> None:
    with Lab(HEALTHY) as lab:
        wrong = AppSecret(client_id=lab.admin_client_id, secret=Secret("not-the-secret-canary"))
        with signing_in(lab, wrong, None) as (one, _):

            async def twice() -> list[Secret | NotAnswered]:
                return [await one.token(Resource.EXCHANGE), await one.token(Resource.GRAPH)]

            first, second = asyncio.run(twice())
        asked = [request for request in lab.requests if request.path.endswith("/token")]
    assert isinstance(first, NotAnswered)
    assert str(first) == str(second)
    assert "AADSTS7000215" in str(first.because)
    assert "canary" not in str(first.because)
    assert len(asked) == 2


def test_a_permission_that_lacks_for_one_service_costs_no_second_sign_in_and_no_token_for_the_other() -> None:
    reader = replace(HEALTHY, admin=replace(HEALTHY.admin, scopes=("User.Read.All",)))
    with Lab(reader) as lab, signing_in(lab, DeviceCode(client_id=lab.admin_client_id), new_cache()) as (one, person):

        async def ask() -> list[Secret | NotAnswered]:
            graph = await one.token(Resource.GRAPH)
            return [graph, await one.token(Resource.EXCHANGE), await one.token(Resource.GRAPH)]

        graph, exchange, again = asyncio.run(ask())
    assert claims(graph).scopes == claims(again).scopes == ("User.Read.All",)
    assert isinstance(exchange, NotAnswered)
    assert "AADSTS65001" in str(exchange.because)
    assert len(person.codes) == 1


def test_the_devices_application_gets_nothing_of_an_administrators() -> None:
    with (
        Lab(HEALTHY) as lab,
        signing_in(lab, DeviceCode(client_id=lab.client_id), new_cache()) as (one, _),
    ):
        answer = asyncio.run(one.token(Resource.EXCHANGE))
    assert isinstance(answer, NotAnswered)
    assert "AADSTS65001" in str(answer.because)


def test_a_sign_in_that_is_over_says_to_sign_in_again() -> None:
    cache = new_cache()
    with Lab(HEALTHY) as lab:
        credential = DeviceCode(client_id=lab.admin_client_id)
        with signing_in(lab, credential, cache) as (first, _):
            asyncio.run(first.ready())
        lab._issuer.revoke()  # as after a password was reset
        with signing_in(lab, credential, cache, may_ask=False) as (later, _):
            answer = asyncio.run(later.token(Resource.EXCHANGE))
    assert isinstance(answer, NotAnswered)
    assert str(answer.because).startswith("the sign-in of the administrator is over, so sign in again with diag login")


def test_an_application_that_may_not_administer_exchange_still_reads_the_directory_and_one_code_is_enough() -> None:
    reads_only = replace(HEALTHY, admin=replace(HEALTHY.admin, scopes=("User.Read.All",)))
    with (
        Lab(reads_only) as lab,
        signing_in(lab, DeviceCode(client_id=lab.admin_client_id), new_cache()) as (one, person),
    ):

        async def asked() -> tuple[Secret | NotAnswered, Secret | NotAnswered]:
            await one.ready()
            return await one.token(Resource.EXCHANGE), await one.token(Resource.GRAPH)

        exchange, graph = asyncio.run(asked())
    assert isinstance(exchange, NotAnswered)
    assert "AADSTS65001" in str(exchange.because)
    assert claims(graph).scopes == ("User.Read.All",)
    assert len(person.codes) == 1


def test_a_token_of_another_tenant_is_no_help_and_both_are_named() -> None:
    async def home() -> str | None:
        return "99999999-2222-4333-8444-555555555555"

    with Lab(HEALTHY) as lab, signing_in(lab, DeviceCode(client_id=lab.admin_client_id), new_cache()) as (one, _):
        one.home, one.realm = home, "fabrikam.com"
        answer = asyncio.run(one.token(Resource.GRAPH))
    assert isinstance(answer, NotAnswered)
    assert "signed in to the tenant 11111111-2222-4333-8444-555555555555, and fabrikam.com belongs to 99999999" in str(
        answer.because
    )


def test_whoever_signs_in_where_a_kept_sign_in_is_over_leaves_what_is_kept_alone() -> None:
    kept = new_cache()
    with Lab(HEALTHY) as lab:
        credential = DeviceCode(client_id=lab.admin_client_id)
        with signing_in(lab, credential, kept) as (first, _):
            asyncio.run(first.ready())
        before = str(kept.serialize()) if hasattr(kept, "serialize") else repr(list(kept.search("RefreshToken")))
        lab._issuer.revoke()
        with signing_in(lab, credential, kept) as (second, person):
            exchange, graph = asyncio.run(both(second))
        after = str(kept.serialize()) if hasattr(kept, "serialize") else repr(list(kept.search("RefreshToken")))
    assert (exchange.user, graph.user, len(person.codes)) == ("admin@contoso.com", "admin@contoso.com", 1)
    assert before == after


def test_a_cache_that_cannot_be_read_is_a_reason_and_no_crash() -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise PermissionError(13, "s3cr3t")

    with Lab(HEALTHY) as lab:
        credential = DeviceCode(client_id=lab.admin_client_id)
        with signing_in(lab, credential, Broken(), may_ask=False) as (one, _):
            answer = asyncio.run(one.token(Resource.GRAPH))
    assert isinstance(answer, NotAnswered)
    assert "cannot be read or renewed on this computer" in str(answer.because)
    assert "s3cr3t" not in str(answer.because)
