"""What is asked once for a whole tenant, against the lab and against servers that misbehave, over real TLS."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diag import ports
from diag.adapters.exchange import ExchangeOnline
from diag.adapters.graph_sign_in_log import MOST_PAGES, Pace
from diag.adapters.graph_snapshot import GraphSnapshot
from diag.adapters.graph_tenant import GraphTenant
from diag.adapters.graph_usage import read_table
from diag.adapters.graph_wire import GraphService
from diag.adapters.graph_words import LICENCE, NO_LICENCE_CODE
from diag.adapters.network import Route
from diag.adapters.trust import Trust, trust
from diag.directory import Account, LastSignIn, MailboxKind, Policies, SignIns
from diag.discovery import Senders, Source, Usage
from diag.evidence import Auth
from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario import Mailbox, Tenant
from diag.lab.scenario import Setting as LabSetting
from diag.lab.scenario_directory import Admin, Directory, Hindrance, Policy, SignInRecord
from diag.obstacle import NotAnswered, Obstacle
from diag.overview import (
    SETTINGS_NOT_WANTED,
    IdleAccounts,
    Overview,
    Settings,
    SignInLog,
    directory_of,
    setting_of,
    users_in,
)
from diag.secret import Redactor, Secret
from diag.setting import Setting, Switch
from tests.adapters.graph_server import CANARY, CLIENT, HOST, NOBODY, SIGN_IN, Met, Reply, error, http, meet
from tests.fakes import World

HEALTHY = load_scenario("healthy")
SMTP = "Authenticated SMTP"
LOG = "/beta/auditLogs/signIns"
REPORTS = "reports.office.com"
Result = TypeVar("Result")
Act = Callable[[ports.Tenant], Awaitable[Result]]


@dataclass
class Hurry:
    """A clock on which waiting takes no time; it counts the seconds."""

    passed_s: float = 0
    slept_s: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed_ms(self) -> float:
        return self.passed_s * 1000

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.passed_s += seconds


def name(number: int) -> str:
    return f"scanner-{number:04}@contoso.com"


def tenant_of(count: int = 3, *sign_ins: SignInRecord, **directory: Any) -> Scenario:
    """A tenant with so many mailboxes, one after the other off, on and following the organisation, which is off."""
    switches: Any = ("off", "on", "unset")
    return replace(
        HEALTHY,
        tenant=Tenant(authenticated_smtp="off"),
        mailboxes=tuple(Mailbox(address=name(n), authenticated_smtp=switches[n % 3]) for n in range(count)),
        run=replace(HEALTHY.run, mailbox=name(0)),
        sign_ins=sign_ins,
        directory=Directory(**directory),
    )


def asking(token: str | None) -> Callable[[], Awaitable[Secret | NotAnswered]]:
    async def ask() -> Secret | NotAnswered:
        return NOBODY if token is None else Secret(token)

    return ask


class NoSettings:
    """A backend that nobody should ask."""

    async def all(self) -> Settings | NotAnswered:
        raise AssertionError


@dataclass
class Asked:
    """What came of asking the lab, what it was asked, and what was said and waited meanwhile."""

    result: Any
    requests: Counter[str]
    said: list[str]
    clock: Hurry


def in_lab(scenario: Scenario, act: Act[Any], *, snapshot: bool = False, token: str = "") -> Asked:
    clock, person = Hurry(), World()
    with Lab(scenario) as lab:
        service = GraphService(
            token=asking(token or lab.graph_token()),
            trust=trust(lab.ca_file),
            redactor=Redactor(),
            base=lab.graph_url,
            timeout_s=20,
            route=lab.route,
        )
        exchange = ExchangeOnline(
            tenant=lab.scenario.tenant.domain,
            token=asking(lab.admin_token()),
            trust=service.trust,
            redactor=service.redactor,
            route=lab.route,
        )
        backend = GraphSnapshot(service, first_pause_s=0.01) if snapshot else exchange
        port = GraphTenant(service=service, settings=backend, clock=clock, person=person)
        result = asyncio.run(_doing(act, port))
    assert not lab.bugs
    requests = Counter(f"{one.cmdlet or one.path} {one.status}" for one in lab.requests)
    return Asked(result, requests, [str(one) for one in person.said], clock)


async def _doing(act: Act[Result], port: ports.Tenant) -> Result:
    return await act(port)


async def everything(port: ports.Tenant) -> Overview:
    return await port.overview(client_id=HEALTHY.app.client_id, auth=Auth.DEVICE_CODE, settings=True)


async def the_log(port: ports.Tenant) -> SignInLog | NotAnswered:
    return (await port.overview(client_id=HEALTHY.app.client_id, auth=None, settings=False)).sign_ins


async def discovering(port: ports.Tenant) -> Senders:
    return await port.discover(client_id=HEALTHY.app.client_id)


def refused(found: object, obstacle: Obstacle, words: str = "", missing: str | None = None) -> None:
    assert isinstance(found, NotAnswered), found
    assert (found.obstacle, found.missing) == (obstacle, missing)
    assert words in str(found.because)


# --- the overview


def a_thousand() -> Scenario:
    """Every second mailbox signs in over SMTP, five times; every third with the application, once without a person."""
    return tenant_of(
        1000,
        *(
            SignInRecord(minutes_ago=1 + n + 1000 * time, account=name(n), client=SMTP, code=50126 if time == 4 else 0)
            for n in range(0, 1000, 2)
            for time in range(5)
        ),
        *(SignInRecord(minutes_ago=3 + n, account=name(n), event="nonInteractiveUser") for n in range(0, 1000, 3)),
        SignInRecord(minutes_ago=2, account=name(1), app="Portal", client="Browser"),
    )


def test_a_thousand_mailboxes_are_asked_about_with_the_requests_that_one_takes_and_further_pages() -> None:
    asked = in_lab(a_thousand(), everything)
    app = f"(appId='{HEALTHY.app.client_id}')"
    pages = {f"{LOG} 200": 6}  # three pages of sign-ins over SMTP, and one of each of the three other kinds
    principal = next(path for path in asked.requests if path.endswith("/appRoleAssignments 200"))
    assert asked.requests == Counter(
        pages
        | {
            f"/v1.0/servicePrincipals{app} 200": 1,
            "/v1.0/servicePrincipals(appId='00000002-0000-0ff1-ce00-000000000000') 200": 1,
            f"/v1.0/applications{app} 200": 1,
            "/v1.0/oauth2PermissionGrants 200": 1,
            principal: 1,
            "/v1.0/users 200": 1,
            "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy 200": 1,
            "/v1.0/identity/conditionalAccess/policies 200": 1,
            "/v1.0/admin/serviceAnnouncement/healthOverviews/Exchange Online 200": 1,
            "/v1.0/admin/serviceAnnouncement/issues 200": 1,
            "Get-CASMailbox 200": 1,
            "Get-TransportConfig 200": 1,
        }
    )
    found = asked.result
    assert _unanswered(found) == []
    assert asked.clock.slept_s == [10]  # before the sixth page of the log
    log = found.sign_ins
    assert log.complete
    assert len(log.records) == 667
    assert {len(known) for known in log.records.values()} == {1, 5, 6}
    assert sum(user.basic for user in users_in(log)) == 500
    assert len(users_in(log)) == 834


def _unanswered(found: Overview) -> list[str]:
    return [one.name for one in fields(found) if isinstance(getattr(found, one.name), NotAnswered)]


def test_of_each_mailbox_the_overview_has_the_sign_ins_and_the_setting() -> None:
    found = in_lab(a_thousand(), everything).result
    both, none = directory_of(found, name(6).upper()).sign_ins, directory_of(found, name(1)).sign_ins
    assert isinstance(both, SignIns)
    assert [(one.client == SMTP, one.code) for one in both.records] == [
        *[(True, 0), (False, 0)],
        *[(True, code) for code in (0, 0, 0, 50126)],
    ]
    assert none == SignIns(since=both.since, records=(), background=True)
    for number, own in ((0, Switch.OFF), (1, Switch.ON), (2, Switch.UNSET)):
        setting = setting_of(found, name(number))
        assert isinstance(setting, Setting)
        assert (setting.identity, setting.mailbox, setting.organisation) == (name(number), own, Switch.OFF)
    refused(setting_of(found, "nobody@contoso.com"), Obstacle.NOT_ASKED, "as its first address")


def test_without_a_client_id_only_what_signs_in_over_smtp_is_looked_for() -> None:
    scenario = tenant_of(3, SignInRecord(minutes_ago=3, account=name(1)), SignInRecord(minutes_ago=4, client=SMTP))

    async def act(port: ports.Tenant) -> Overview:
        return await port.overview(client_id="x' or appId ne 'y", auth=Auth.APP, settings=False)

    asked = in_lab(scenario, act)
    assert asked.requests[f"{LOG} 200"] == 2
    assert set(asked.result.sign_ins.records) == {name(0)}
    refused(asked.result.app, Obstacle.NOT_ASKED, "not known which application")
    assert asked.result.settings is SETTINGS_NOT_WANTED
    assert "Get-CASMailbox 200" not in asked.requests
    assert asked.result.policies == Policies(asked="read", flow=None, policies=())


def test_what_was_read_once_in_a_run_is_not_read_again() -> None:
    async def act(port: ports.Tenant) -> tuple[Senders, Overview, Overview]:
        return await discovering(port), await everything(port), await everything(port)

    asked = in_lab(tenant_of(3, SignInRecord(minutes_ago=3, client=SMTP)), act, snapshot=True)
    assert asked.requests[f"{LOG} 200"] == 4
    assert sum("createSnapshot" in path for path in asked.requests.elements()) == 1
    senders, first, second = asked.result
    assert [one.mailbox for one in senders.found] == [name(0), name(1)]
    assert first.sign_ins.records == second.sign_ins.records


@pytest.mark.parametrize(
    ("keys", "obstacle", "words", "missing"),
    [
        ({"premium": False}, Obstacle.NO_LICENCE, LICENCE, LICENCE),
        ({"faults": {"sign_ins": "no_permission"}}, Obstacle.NO_PERMISSION, "Reports Reader", "AuditLog.Read.All"),
        ({"faults": {"sign_ins": "html"}}, Obstacle.NOT_SPOKEN, "A web page came", None),
        ({"faults": {"sign_ins": "unavailable"}}, Obstacle.UNAVAILABLE, "HTTP 503", None),
    ],
)
def test_where_the_log_is_refused_everything_else_is_known(
    keys: dict[str, Any], obstacle: Obstacle, words: str, missing: str | None
) -> None:
    asked = in_lab(tenant_of(3, **keys), everything)
    refused(asked.result.sign_ins, obstacle, words, missing)
    refused(directory_of(asked.result, name(1)).sign_ins, obstacle, words, missing)
    assert _unanswered(asked.result) == (["sign_ins", "idle"] if "premium" in keys else ["sign_ins"])
    if missing:
        assert sum(path.startswith(LOG) for path in asked.requests.elements()) == 1


def test_without_a_token_nothing_is_sent() -> None:
    async def act(port: GraphTenant) -> Overview:
        port.service = replace(port.service, token=asking(None))
        return await everything(port)

    asked = in_lab(tenant_of(), act)  # type: ignore[arg-type] # the adapter, whose service is taken away
    for one in ("sign_ins", "idle", "app", "policies", "health", "registration", "consent", "security_defaults"):
        assert getattr(asked.result, one) is NOBODY
    assert set(asked.requests) == {"Get-CASMailbox 200", "Get-TransportConfig 200"}


@pytest.mark.parametrize("fault", ["no_permission", "unavailable", "throttled"])
@pytest.mark.parametrize("question", ["security_defaults", "policies", "app", "registration", "health"])
def test_a_question_that_is_refused_is_the_only_one_that_is_open(question: Any, fault: Hindrance) -> None:
    found = in_lab(tenant_of(3, faults={question: fault}, retry_after_s=60), everything).result
    expected = {"app", "consent"} if question == "app" else {question}
    assert set(_unanswered(found)) == expected


# --- accounts that nobody uses


async def idling(port: ports.Tenant) -> IdleAccounts | NotAnswered:
    return (await port.overview(client_id=None, auth=None, settings=False)).idle


def days_ago(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


def unused(address: str, days: int = 40, **fields: Any) -> dict[str, Any]:
    at = f"{days_ago(days):%Y-%m-%dT%H:%M:%SZ}"
    return {"id": "u1", "userPrincipalName": address, "signInActivity": {"lastSuccessfulSignInDateTime": at}} | fields


def test_an_account_that_nobody_has_used_for_a_month_is_known_and_no_other_one() -> None:
    day = 24 * 60
    used = (
        SignInRecord(minutes_ago=45 * day, account=name(0), event="nonInteractiveUser"),
        SignInRecord(minutes_ago=60 * day, account=name(0)),
        SignInRecord(minutes_ago=45 * day, account=name(1)),
        SignInRecord(minutes_ago=day, account=name(1), event="nonInteractiveUser", code=700082),
        SignInRecord(minutes_ago=29 * day, account=name(2)),
        SignInRecord(minutes_ago=45 * day, account=name(4), code=50126),
    )
    found = in_lab(tenant_of(5, *used), everything).result
    assert set(found.idle.accounts) == {name(0)}
    last = directory_of(found, name(0).upper()).last_sign_in
    assert isinstance(last, LastSignIn)
    assert last.at is not None
    assert abs(last.at - days_ago(45)) < timedelta(minutes=1)
    for number in (1, 2, 3, 4):
        refused(directory_of(found, name(number)).last_sign_in, Obstacle.NOT_ASKED, "nor is one that never was")


def test_more_of_them_than_a_page_holds_are_read_page_after_page() -> None:
    records = (SignInRecord(minutes_ago=40 * 24 * 60, account=name(n)) for n in range(1001))
    asked = in_lab(tenant_of(1001, *records), everything)
    assert len(asked.result.idle.accounts) == 1001
    assert asked.requests["/v1.0/users 200"] == 3
    assert asked.result.idle.gap is None


def test_the_query_for_them_is_the_one_that_is_documented(tmp_path: Path) -> None:
    rows = {"value": [unused("Old@contoso.com", mail="Scan@contoso.com"), unused("none@contoso.com", id=None), 5]}
    found = met(tmp_path, idling, {"background_sign_ins": page(), "idle_accounts": rows})
    query = found.server.the("idle_accounts").query
    assert query["$select"] == "id,userPrincipalName,signInActivity"
    assert query["$top"] == "500"
    condition, _, since = query["$filter"].rpartition(" ")
    assert condition == "signInActivity/lastSuccessfulSignInDateTime le"
    assert isinstance(found.result, IdleAccounts)
    assert found.result.since == datetime.fromisoformat(since)
    assert abs(found.result.since - days_ago(30)) < timedelta(minutes=1)
    assert set(found.result.accounts) == {"old@contoso.com"}  # another account may have somebody's address as its mail


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (error(503, "x"), "HTTP 503"),
        ({"value": [unused("late@contoso.com")], "@odata.nextLink": "https://evil.example/"}, "stands elsewhere"),
    ],
)
def test_what_was_read_of_them_counts_where_a_later_page_cannot_be_had(second: Any, words: str, tmp_path: Path) -> None:
    link = f"https://{HOST}/v1.0/users?%24filter=signInActivity&%24skiptoken=2"
    first = {"value": [unused("old@contoso.com")], "@odata.nextLink": link}
    found = met(tmp_path, idling, {"background_sign_ins": page(), "idle_accounts": (first, second)}).result
    assert isinstance(found, IdleAccounts)
    assert words in str(found.gap)
    assert "old@contoso.com" in found.accounts


def test_a_list_of_them_without_end_is_cut_off(tmp_path: Path) -> None:
    link = f"https://{HOST}/v1.0/users?%24filter=signInActivity&%24skiptoken=2"
    endless = {"value": [unused("old@contoso.com")], "@odata.nextLink": link}
    found = met(tmp_path, idling, {"background_sign_ins": page(), "idle_accounts": endless})
    assert isinstance(found.result, IdleAccounts)
    assert "more than 40 pages" in str(found.result.gap)
    assert found.server.names().count("idle_accounts") == 40


# --- a busy log, and one that is too long


def test_a_log_that_stays_busy_is_left_after_waiting_visibly_and_what_was_read_counts() -> None:
    asked = in_lab(replace(a_thousand(), directory=Directory(log_limit=5)), the_log)
    log = asked.result
    assert isinstance(log, SignInLog)
    assert not log.complete
    assert any("too many requests" in str(gap) for gap in log.gaps)
    assert asked.requests == Counter({f"{LOG} 200": 5, f"{LOG} 429": 6}) + _questions(asked.requests)
    waits = [said for said in asked.said if "asks to wait 10 s" in said]
    assert len(waits) == 5
    found = Overview(client_id=None, **dict.fromkeys(_questions_of(), NOBODY), sign_ins=log)
    assert isinstance(directory_of(found, name(2)).sign_ins, SignIns)
    refused(directory_of(found, name(1)).sign_ins, Obstacle.NOT_ASKED, "not all of it was read")


def _questions(requests: Counter[str]) -> Counter[str]:
    return Counter({path: count for path, count in requests.items() if not path.startswith(LOG)})


def _questions_of() -> tuple[str, ...]:
    return ("security_defaults", "policies", "app", "consent", "registration", "health", "idle", "settings")


def test_a_log_that_wants_a_longer_wait_is_left_at_once() -> None:
    asked = in_lab(tenant_of(3, faults={"sign_ins": "throttled"}, retry_after_s=3600), the_log)
    refused(asked.result, Obstacle.THROTTLED, "Try again in 3600 seconds.")
    assert asked.requests[f"{LOG} 429"] == 1
    assert asked.clock.slept_s == []


def test_no_more_than_five_requests_leave_in_ten_seconds() -> None:
    clock, left = Hurry(), []

    async def run() -> None:
        pace = Pace(clock)
        for number in range(23):
            await pace.turn()
            left.append(clock.passed_s)
            clock.passed_s += 0.5 if number % 4 else 0

    asyncio.run(run())
    assert clock.slept_s
    for begin in left:
        assert sum(begin <= one < begin + 10 for one in left) <= 5


# --- against servers that misbehave


def graph_tenant(trusted: Trust, route: Route, **how: Any) -> GraphTenant:
    service = GraphService(
        token=asking(CANARY), trust=trusted, redactor=Redactor(), timeout_s=how.pop("timeout_s", 10), route=route
    )
    return GraphTenant(
        **{"service": service, "settings": NoSettings(), "clock": Hurry(), "person": World(), "log_s": 20, **how}
    )


def met(folder: Path, act: Act[Result], replies: Mapping[str, Any], **how: Any) -> Met[Result]:
    async def run(trusted: Trust, route: Route) -> Result:
        return await act(graph_tenant(trusted, route, **how))

    return meet(folder, run, replies, also=REPORTS)


def row(minutes: int, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    usual = {"createdDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "clientAppUsed": SMTP, "status": {"errorCode": 0}}
    return SIGN_IN | usual | fields


def page(*rows: Any, then: str = "") -> dict[str, Any]:
    link = {"@odata.nextLink": f"https://{HOST}{LOG}?%24skiptoken={then}"} if then else {}
    return {"value": list(rows), **link}


async def over_smtp(port: ports.Tenant) -> SignInLog | NotAnswered:
    return (await port.overview(client_id=None, auth=None, settings=False)).sign_ins


def read(folder: Path, *pages: Reply, **how: Any) -> Met[SignInLog | NotAnswered]:
    """Read the log of sign-ins over SMTP: the pages of those with a person present, then none without."""
    return met(folder, over_smtp, {"background_sign_ins": (*pages, *[page()] * 30)}, **how)


def log_requests(found: Met[Any]) -> list[str]:
    return [one.target for one in found.server.asked if one.target.startswith(LOG)]


def test_the_queries_of_the_log_are_those_that_are_documented(tmp_path: Path) -> None:
    async def act(port: ports.Tenant) -> object:
        return await port.overview(client_id=CLIENT, auth=None, settings=False)

    found = met(tmp_path, act, {"background_sign_ins": page()})
    queries = [one.query for one in found.server.asked if one.target.startswith(LOG)]
    assert {query["$top"] for query in queries} == {"1000"}
    since = [query["$filter"].partition(" and ")[0] for query in queries]
    assert {one.partition(" ge ")[0] for one in since} == {"createdDateTime"}
    background = "signInEventTypes/any(t: t eq 'nonInteractiveUser')"
    smtp = "(clientAppUsed eq 'Authenticated SMTP' or clientAppUsed eq 'SMTP')"
    assert [query["$filter"].partition(" and ")[2] for query in queries] == [
        *(smtp, f"{smtp} and {background}"),
        *(f"appId eq '{CLIENT}'", f"appId eq '{CLIENT}' and {background}"),
    ]
    assert {one.header("authorization") for one in found.server.asked} == {f"Bearer {CANARY}"}


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/beta/auditLogs/signIns?%24skiptoken=2",
        f"http://{HOST}{LOG}?%24skiptoken=2",
        f"https://{HOST}:444{LOG}?%24skiptoken=2",
        f"https://{HOST}@evil.example{LOG}?x",
        f"https://{HOST}/beta/users?%24skiptoken=2",
        f"https://{HOST}{LOG}/../../v1.0/users?x",
        f"https://{HOST}{LOG}?x=\r\nX: y",
        "\u2028",
    ],
)
def test_a_link_to_anywhere_else_is_not_followed_and_the_log_is_not_whole(link: str, tmp_path: Path) -> None:
    found = read(tmp_path, page(row(5)) | {"@odata.nextLink": link})
    assert isinstance(found.result, SignInLog)
    assert not found.result.complete
    assert "its next page stands elsewhere" in str(found.result.gaps[0])
    assert len(found.result.records["scanner@contoso.com"]) == 1
    assert len(log_requests(found)) == 3  # of what succeeded too, and of those with nobody present
    assert {one.header("host") for one in found.server.asked} == {HOST}


def test_a_log_without_end_is_cut_off_and_says_how_far_back_it_was_read(tmp_path: Path) -> None:
    pages = (page(row(10 * number), then=str(number)) for number in range(MOST_PAGES))
    found = read(tmp_path, *pages, page(row(95, userPrincipalName="Late@contoso.com")))
    log = found.result
    assert isinstance(log, SignInLog)
    assert f"more than {MOST_PAGES} pages" in str(log.gaps[0])
    oldest = datetime.now(UTC) - timedelta(minutes=10 * (MOST_PAGES - 1))
    assert abs(log.since - oldest) < timedelta(minutes=1)
    assert f"read back to {log.since:%Y-%m-%d %H:%M} UTC" in str(log.gaps[0])
    succeeded = [one for one in found.server.asked if "errorCode eq 0" in one.query.get("$filter", "")]
    assert len(succeeded) == 1  # where passwords are tried, failures fill the log
    assert "late@contoso.com" in log.records


def test_where_passwords_are_tried_what_succeeded_is_not_crowded_out(tmp_path: Path) -> None:
    tried = [row(number, status={"errorCode": 50126}) for number in range(1, 900)]
    found = read(tmp_path, page(*tried, row(950)))
    assert isinstance(found.result, SignInLog)
    known = found.result.records["scanner@contoso.com"]
    assert Counter(one.code for one in known) == {50126: 10, 0: 1}
    assert found.result.complete


@pytest.mark.parametrize(
    ("reply", "obstacle", "words"),
    [
        ({"value": "x"}, Obstacle.NOT_SPOKEN, "does not have the form"),
        ([], Obstacle.NOT_SPOKEN, "does not have the form"),
        (http(200, b'{"value": ['), Obstacle.NOT_SPOKEN, "does not have the form"),
        (http(302, b"", "Location: https://evil.example/x"), Obstacle.NOT_SPOKEN, "evil.example"),
        (error(403, NO_LICENCE_CODE), Obstacle.NO_LICENCE, LICENCE),
        (error(403, "x"), Obstacle.NO_PERMISSION, "AuditLog.Read.All"),
        (error(401, "InvalidAuthenticationToken"), Obstacle.NOT_SIGNED_IN, "HTTP 401"),
        (b"\x16\x03", Obstacle.UNREACHABLE, HOST),
    ],
)
def test_an_answer_that_is_none_says_why(reply: Reply, obstacle: Obstacle, words: str, tmp_path: Path) -> None:
    found = met(tmp_path, over_smtp, {"background_sign_ins": reply}).result
    assert isinstance(found, NotAnswered)
    assert found.obstacle is obstacle
    assert words in str(found.because)


def test_a_silent_log_is_left_after_the_time_of_one_request(tmp_path: Path) -> None:
    found = met(tmp_path, over_smtp, {"background_sign_ins": None}, timeout_s=1, log_s=3600)
    refused(found.result, Obstacle.UNREACHABLE, "did not answer within 1 s")
    assert len(log_requests(found)) == 1


def test_rows_of_any_kind_are_read_or_left_out(tmp_path: Path) -> None:
    garbage: tuple[Any, ...] = (
        None,
        7,
        "x",
        {},
        row(1, userPrincipalName=None),
        row(1, status=7),
        row(1, createdDateTime="soon"),
    )
    found = read(tmp_path, page(*garbage, row(3), row(2, userPrincipalName="X\x1b[2J@contoso.com")))
    assert isinstance(found.result, SignInLog)
    assert set(found.result.records) == {"scanner@contoso.com", "x [2j@contoso.com"}


def test_a_page_that_cannot_be_had_leaves_those_before(tmp_path: Path) -> None:
    found = read(tmp_path, page(row(5), then="2"), error(503, "x"), page(row(5)))
    assert isinstance(found.result, SignInLog)
    assert "HTTP 503" in str(found.result.gaps[0])
    assert len(found.result.records) == 1


def test_what_the_tenant_does_not_show_of_sign_ins_without_a_person_is_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, page(row(5)), error(400, "x"))
    assert isinstance(found.result, SignInLog)
    assert not found.result.complete
    assert len(found.result.records) == 1


def test_busy_for_a_moment_is_waited_for_and_said(tmp_path: Path) -> None:
    clock, person = Hurry(), World()
    busy = error(429, "TooManyRequests", "no", "Retry-After: 7")
    found = read(tmp_path, busy, error(429, "TooManyRequests"), page(row(5)), clock=clock, person=person)
    assert isinstance(found.result, SignInLog)
    assert found.result.complete
    assert clock.slept_s == [7, 10]
    waits = [str(one) for one in person.said if "asks to wait" in str(one)]
    assert [wait.split(" s ")[0].rpartition(" ")[2] for wait in waits] == ["7", "10"]


# --- the settings of all


@pytest.mark.parametrize("snapshot", [False, True])
def test_the_settings_of_all_mailboxes_are_read_at_once(snapshot: bool) -> None:
    asked = in_lab(tenant_of(2500), everything, snapshot=snapshot)
    found = asked.result.settings
    assert isinstance(found, Settings)
    assert (len(found.mailboxes), found.organisation, found.gap) == (2500, Switch.OFF, None)
    kinds = Counter(one.mailbox if isinstance(one, Setting) else None for one in found.mailboxes.values())
    unset = None if snapshot else Switch.UNSET  # how a snapshot shows that is not known, so it is not guessed at
    assert kinds == {Switch.OFF: 834, Switch.ON: 833, unset: 833}
    if not snapshot:
        assert (asked.requests["Get-CASMailbox 200"], asked.requests["Get-TransportConfig 200"]) == (3, 1)


@pytest.mark.parametrize(
    ("fault", "obstacle"),
    [("no_role", Obstacle.NO_ROLE), ("throttled", Obstacle.THROTTLED), ("html", Obstacle.NOT_SPOKEN)],
)
def test_settings_that_are_refused_say_why(fault: Any, obstacle: Obstacle) -> None:
    asked = in_lab(replace(tenant_of(), setting=LabSetting(fault=fault)), everything)
    refused(asked.result.settings, obstacle)
    refused(setting_of(asked.result, name(1)), obstacle)


def test_without_a_role_for_the_organisation_the_mailboxes_are_known() -> None:
    scenario = replace(tenant_of(), setting=LabSetting(fault="no_configuration_role"))
    found = in_lab(scenario, everything).result.settings
    assert isinstance(found, Settings)
    assert (found.organisation, len(found.mailboxes)) == (None, 3)


# --- discovery


SENDING = (
    SignInRecord(minutes_ago=9, account=name(0), client=SMTP),
    SignInRecord(minutes_ago=8, account=name(2)),
    SignInRecord(minutes_ago=7, account=name(4), client="SMTP", code=50126),
)


def test_mailboxes_are_found_where_they_signed_in_sent_or_are_switched_on() -> None:
    asked = in_lab(tenant_of(6, *SENDING), discovering)
    assert asked.result.gaps == ()
    seen = {one.mailbox: [sighting.source for sighting in one.sightings] for one in asked.result.found}
    assert seen == {
        name(0): [Source.SIGN_INS, Source.USAGE],
        name(1): [Source.SETTING],
        name(2): [Source.SIGN_INS],
        name(4): [Source.SETTING],
    }
    sightings = {one.mailbox: one.sightings for one in asked.result.found}
    assert (sightings[name(0)][0].basic, sightings[name(0)][0].ip) == (True, "198.51.100.23")
    assert (sightings[name(2)][0].basic, sightings[name(2)][0].app) == (False, HEALTHY.app.name)
    assert asked.requests["/data/download/ 200"] == 1


@pytest.mark.parametrize(
    ("changes", "source", "words"),
    [
        ({"directory": Directory(premium=False)}, Source.SIGN_INS, LICENCE),
        ({"directory": Directory(faults={"reports": "no_permission"})}, Source.USAGE, "Reports.Read.All"),
        ({"directory": Directory(faults={"reports": "throttled"}, retry_after_s=60)}, Source.USAGE, "too many"),
        ({"directory": Directory(concealed_names=True)}, Source.USAGE, "conceals the names"),
        ({"setting": LabSetting(fault="no_role")}, Source.SETTING, "no role"),
    ],
)
def test_a_place_that_cannot_be_looked_into_is_named_and_the_others_count(
    changes: dict[str, Any], source: Source, words: str
) -> None:
    asked = in_lab(replace(tenant_of(6, *SENDING), **changes), discovering)
    (gap,) = asked.result.gaps
    assert gap.source is source
    assert words in str(gap.because)
    seen = {sighting.source for one in asked.result.found for sighting in one.sightings}
    assert seen == set(Source) - {source}


def test_settings_that_nobody_wants_are_not_read() -> None:
    async def act(port: ports.Tenant) -> Senders:
        return await port.discover(settings=False)

    asked = in_lab(tenant_of(6, *SENDING), act)
    assert [one.mailbox for one in asked.result.found] == [name(0)]  # nor, without a client id, the application's
    assert not any(path.startswith("Get-") for path in asked.requests)


def test_a_device_that_may_not_read_reports_is_told_of_the_permission() -> None:
    scopes = tuple(one for one in Admin().scopes if one != "Reports.Read.All")
    asked = in_lab(replace(tenant_of(3), admin=Admin(scopes=scopes)), discovering)
    assert [(gap.source, "Reports.Read.All" in str(gap.because)) for gap in asked.result.gaps] == [(Source.USAGE, True)]


# --- the report


TABLE = (
    "\ufeffReport Refresh Date,User Principal Name,Display Name,Is Deleted,Last Activity Date,SMTP App,Report Period"
    "\r\n"
    '2026-11-21,Anna@contoso.com,"Anna, R&D",False,2026-11-20,Yes,7\r\n'
    "2026-11-21,bob@contoso.com,Bob,False,2026-11-20,,7\r\n"
    "2026-11-21,carl@contoso.com,Carl,True,2026-11-20,Yes,7\r\n"
    "2026-11-21,dora@contoso.com,Dora,False,,Undetermined,7\r\n"
    "2026-11-21,emil@contoso.com,Emil,False,2026-11-20,No,7\r\n"
).encode()


async def looking(port: ports.Tenant) -> Senders:
    return await port.discover(settings=False)


def reported(folder: Path, place: str, table: Reply) -> Met[Senders]:
    moved = http(302, b"", f"Location: {place}", kind="text/plain")
    return met(folder, looking, {"background_sign_ins": page(), "email_app_usage": moved, "?": table})


def test_the_report_is_fetched_from_microsofts_host_for_reports_without_the_token(tmp_path: Path) -> None:
    place = f"https://{REPORTS}/data/download/JDF?token=SeCrEt%2B1"
    found = reported(tmp_path, place, http(200, TABLE, kind="application/octet-stream"))
    assert found.result.gaps == ()
    assert {one.mailbox: one.sightings[0].last_seen for one in found.result.found} == {
        "Anna@contoso.com": date(2026, 11, 20),
        "dora@contoso.com": None,
    }
    fetched = found.server.the("?")
    assert fetched.target == "/data/download/JDF?token=SeCrEt%2B1"
    assert fetched.header("host") == REPORTS
    assert fetched.header("authorization") == ""
    assert "cookie" not in fetched.head.lower()


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/data/download/x",
        f"http://{REPORTS}/data/download/x",
        f"https://{REPORTS}.evil.example/x",
        "https://evil-reports.office.com/x",
        f"https://{REPORTS}@evil.example/x",
        f"https://{REPORTS}:8443/x",
        "/data/download/x",
        "https://[",
        "",
    ],
)
def test_a_report_that_stands_anywhere_else_is_not_fetched(place: str, tmp_path: Path) -> None:
    found = reported(tmp_path, place, http(200, TABLE))
    (gap,) = found.result.gaps
    assert "stands elsewhere" in str(gap.because)
    assert "?" not in found.server.names()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (http(403, b""), "HTTP 403"),
        (http(302, b"", "Location: https://evil.example/"), "does not follow"),
        (http(200, b"<html>", kind="text/html"), "does not have the form"),
        (http(200, b"\xff\xfe\x00"), "does not have the form"),
        (http(200, b"User Principal Name\r\nanna@contoso.com\r\n"), "does not have the form"),
        (http(200, b"x" * 100, "Content-Encoding: br"), "compressed in a way"),
        (b"\x16\x03", REPORTS),
    ],
)
def test_a_report_that_is_none_says_why(reply: Reply, words: str, tmp_path: Path) -> None:
    found = reported(tmp_path, f"https://{REPORTS}/data/download/SeCrEt", reply)
    (gap,) = found.result.gaps
    assert words in str(gap.because)
    assert "SeCrEt" not in str(gap.because)


@pytest.mark.parametrize(
    "table",
    ["User Principal Name,SMTP App\n", "User Principal Name,SMTP App\n,Yes\n\n,,,,\nanna@contoso.com\n"],
)
def test_a_report_of_nobody_names_nobody(table: str) -> None:
    assert read_table(table) == Usage(days=7, users={})


def test_names_that_are_hashes_are_no_names() -> None:
    table = "User Principal Name,SMTP App\n0C1D8EB11E6E4B3D9A8F3C8B1D0A2B3C,Yes\n"
    refused(read_table(table), Obstacle.REFUSED, "Org settings > Reports")


COLUMNS = ["User Principal Name", "SMTP App", "Is Deleted", "Last Activity Date", "x"]
CELL = st.sampled_from(["", "Yes", "True", "anna@contoso.com", "2026-11-21", '"', "\r", "\0", "=1+1"]) | st.text(
    max_size=5
)


@settings(max_examples=100, deadline=None)
@given(
    head=st.lists(st.sampled_from(COLUMNS), max_size=6),
    lines=st.lists(st.lists(CELL, max_size=7).map(",".join), max_size=5),
)
def test_anything_can_stand_in_a_report(head: list[str], lines: list[str]) -> None:
    found = read_table("\n".join([",".join(head), *lines]))
    assert isinstance(found, NotAnswered) or all("@" in name for name in found.users)


ROW: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(
        ["userPrincipalName", "createdDateTime", "status", "clientAppUsed", "appliedConditionalAccessPolicies"]
    ),
    st.none()
    | st.integers()
    | st.text(max_size=5)
    | st.just(SIGN_IN["createdDateTime"])
    | st.fixed_dictionaries({"errorCode": st.none() | st.integers(-1, 10**12) | st.text(max_size=2)})
    | st.lists(st.none() | st.just({}), max_size=2),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.lists(ROW | st.none() | st.integers(), max_size=4), min_size=1, max_size=2))
def test_anything_can_stand_in_the_log(pages: list[list[Any]], tmp_path: Path) -> None:
    replies = [page(*rows, then="1" if number + 1 < len(pages) else "") for number, rows in enumerate(pages)]
    found = read(tmp_path, *replies).result
    assert isinstance(found, SignInLog)
    assert found.complete


# --- closer


def test_a_mailbox_that_was_found_broken_is_asked_about_in_three_requests() -> None:
    block = Policy(name="Block device code flow", flows=("deviceCodeFlow",))

    async def act(port: ports.Tenant) -> Any:
        found = await everything(port)
        known = directory_of(found, name(1))
        return known, await port.closer(name(1), known, auth=Auth.DEVICE_CODE)

    by_itself = Admin(by_itself=True)
    scenario = replace(tenant_of(), policies=(block,), admin=by_itself)
    without, asked = in_lab(scenario, everything), in_lab(scenario, act)
    known, found = asked.result
    assert isinstance(found.account, Account)
    assert isinstance(found.mailbox, MailboxKind)
    assert (known.policies.asked, found.policies.asked) == ("read", "what_if")
    assert replace(found, account=known.account, mailbox=known.mailbox, policies=known.policies) == known
    assert asked.requests - without.requests == Counter(
        {
            f"/v1.0/users/{name(1)} 200": 1,
            f"/v1.0/users/{found.account.id}/mailboxSettings/userPurpose 200": 1,
            "/v1.0/identity/conditionalAccess/evaluate 200": 1,
        }
    )


@pytest.mark.parametrize("auth", [Auth.APP, Auth.TOKEN])
def test_where_what_if_is_refused_or_not_asked_the_policies_stay_as_they_were_read(auth: Auth) -> None:
    async def act(port: ports.Tenant) -> Any:
        known = directory_of(await everything(port), name(1))
        return known, await port.closer(name(1), known, auth=auth)

    asked = in_lab(tenant_of(3, faults={"what_if": "no_permission"}), act)
    known, found = asked.result
    assert found.policies is known.policies
    assert sum("evaluate" in path for path in asked.requests) == (auth is Auth.TOKEN)
    assert asked.requests["/v1.0/identity/conditionalAccess/policies 200"] == 1


def test_without_a_token_a_closer_look_leaves_what_is_known(tmp_path: Path) -> None:
    async def act(port: ports.Tenant) -> Any:
        known = directory_of(await port.overview(client_id=None, auth=None, settings=False), name(1))
        assert isinstance(port, GraphTenant)
        port.service = replace(port.service, token=asking(None))
        return known, await port.closer(name(1), known)

    known, found = met(tmp_path, act, {"background_sign_ins": page()}).result
    assert (found.account, found.mailbox) == (NOBODY, NOBODY)
    assert replace(found, account=known.account, mailbox=known.mailbox) == known


# --- nothing shows


def test_the_token_shows_nowhere_even_if_the_server_repeats_it(tmp_path: Path) -> None:
    def repeating(token: str) -> bytes:
        return http(200, {"value": [row(1, appDisplayName=token, userPrincipalName=f"{token}@contoso.com")]})

    found = met(tmp_path, over_smtp, {"background_sign_ins": repeating})
    assert CANARY[-60:] not in repr(found.result)
    assert json.dumps(CANARY) not in repr(found.result)
