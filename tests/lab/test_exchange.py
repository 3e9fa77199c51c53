"""Exchange Online's endpoint for settings in the lab, met with a plain HTTPS connection."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from diag.lab import Lab, Scenario, ScenarioError, load_scenario
from diag.lab.scenario import App, Mailbox, Setting, SignIn, Tenant
from tests.lab.device import SCANNER, Device

HOST = "outlook.office365.com"
HEALTHY = load_scenario("healthy")
OFF = load_scenario("authenticated-smtp-off")
TENANT = HEALTHY.tenant.id
SETTING = "SmtpClientAuthenticationDisabled"
AT_ONCE, NEVER = Setting(delay_s=0), Setting(delay_s=3600)


@dataclass
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def connected(lab: Lab) -> http.client.HTTPConnection:
    """Connect over TLS, trusting the lab's root alone, and holding the certificate against Exchange Online's name."""
    import socket

    context = ssl.create_default_context(cafile=str(lab.ca_file))
    connection = http.client.HTTPConnection(HOST)
    plain = socket.create_connection(lab.route(HOST, 443), timeout=10)
    connection.sock = context.wrap_socket(plain, server_hostname=HOST)
    return connection


def ask(lab: Lab, cmdlet: str, parameters: Any, *, token: str | None = None, tenant: str = TENANT) -> Answered:
    body = json.dumps({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}})
    return post(lab, body, token=token, tenant=tenant)


def post(
    lab: Lab, body: str, *, token: str | None = None, tenant: str = TENANT, query: str = "", prefer: str = ""
) -> Answered:
    connection = connected(lab)
    bearer = lab.admin_token() if token is None else token
    headers = {"Authorization": f"Bearer {bearer}", "Prefer": prefer}
    connection.request("POST", f"/adminapi/beta/{tenant}/InvokeCommand{query}", body, headers)
    answer = connection.getresponse()
    answered = Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return answered


def read(lab: Lab, **options: str) -> Answered:
    return ask(lab, "Get-CASMailbox", {"Identity": SCANNER}, **options)


def change(lab: Lab, disabled: bool | None) -> Answered:
    return ask(lab, "Set-CASMailbox", {"Identity": SCANNER, SETTING: disabled})


def sign_in(lab: Lab) -> str:
    with Device(lab) as device:
        return device.sign_in(lab.token())


def tenant_with(mailbox: str, organisation: str, setting: Setting = AT_ONCE) -> Scenario:
    return replace(
        HEALTHY,
        mailboxes=(Mailbox(address=SCANNER, authenticated_smtp=mailbox),),  # type: ignore[arg-type]
        tenant=Tenant(authenticated_smtp=organisation),  # type: ignore[arg-type]
        setting=setting,
    )


@pytest.mark.parametrize(("mailbox", "disabled"), [("on", False), ("off", True), ("unset", None)])
@pytest.mark.parametrize(("organisation", "all_disabled"), [("on", False), ("off", True)])
def test_both_switches_are_told_as_exchange_tells_them(
    mailbox: str, disabled: bool | None, organisation: str, all_disabled: bool
) -> None:
    with Lab(tenant_with(mailbox, organisation)) as lab:
        own = read(lab)
        everybodys = ask(lab, "Get-TransportConfig", {})
    assert own.status == everybodys.status == 200
    (row,) = own.json["value"]
    assert row["PrimarySmtpAddress"] == SCANNER
    assert row[SETTING] is disabled
    assert own.json["@adminapi.warnings"] == []
    (row,) = everybodys.json["value"]
    assert row[SETTING] is all_disabled
    assert not lab.bugs


def test_every_request_is_written_down_without_a_value_or_a_token() -> None:
    with Lab(HEALTHY) as lab:
        token = lab.admin_token()
        read(lab, token=token)
        change(lab, disabled=True)
        ask(lab, "Remove-Mailbox", {"Identity": SCANNER})
    path = f"/adminapi/beta/{TENANT}/InvokeCommand"
    assert [(one.method, one.path, one.cmdlet, one.fields, one.status) for one in lab.requests] == [
        ("POST", path, "Get-CASMailbox", ("Identity",), 200),
        ("POST", path, "Set-CASMailbox", ("Identity", SETTING), 200),
        ("POST", path, "Remove-Mailbox", ("Identity",), 403),
    ]
    assert token[:40] not in repr(lab.requests)
    assert SCANNER not in repr(lab.requests)


# --- who may ask


def test_the_device_s_token_does_not_open_the_settings_and_the_administrators_does_not_send() -> None:
    with Lab(HEALTHY) as lab:
        assert read(lab, token=lab.token()).status == 401
        with Device(lab) as device:
            assert device.sign_in(lab.admin_token()).startswith("535 5.7.3 ")
        with Device(lab) as device:
            assert device.sign_in(lab.admin_token(), "admin@contoso.com").startswith("535 5.7.3 ")


def test_a_token_of_another_service_signature_or_tenant_is_not_taken() -> None:
    with Lab(HEALTHY) as lab:
        claims = jwt.decode(lab.admin_token(), options={"verify_signature": False})
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert read(lab, token=jwt.encode(claims, stranger, algorithm="RS256")).status == 401
        assert read(lab, token="").status == 401
        assert read(lab, tenant="99999999-8888-4777-8666-555555555555").status == 401
        assert read(lab, tenant="contoso.com").status == 200
        assert read(lab).headers.keys() >= {"date", "request-id"}
    graph = SignIn(audience="https://graph.microsoft.com", scopes=("Exchange.Manage",))
    with Lab(replace(HEALTHY, sign_in=graph)) as lab:
        assert read(lab, token=lab.token()).status == 401


@pytest.mark.parametrize(("role", "status"), [("Exchange.ManageAsApp", 200), ("SMTP.SendAsApp", 401)])
def test_an_application_by_itself_needs_a_permission_of_its_own(role: str, status: int) -> None:
    with Lab(replace(HEALTHY, app=App(roles=(role,)))) as lab:
        token = lab._issuer.app_only("https://outlook.office365.com/.default")
        assert read(lab, token=token).status == status


@pytest.mark.parametrize("name", ["token-expired", "wrong-tenant", "token-for-graph", "missing-scope", "clock-off"])
def test_what_is_wrong_with_the_device_s_token_is_not_wrong_with_the_administrators(name: str) -> None:
    with Lab(load_scenario(name)) as lab:
        assert read(lab, tenant=lab.scenario.tenant.id).status == 200


# --- what is changed, and when it counts


@pytest.mark.parametrize(
    ("before", "organisation", "disabled", "reply"),
    [
        ("off", "on", False, "235 "),
        ("on", "on", True, "SmtpClientAuthentication is disabled for the Mailbox."),
        ("on", "off", None, "SmtpClientAuthentication is disabled for the Tenant."),
        ("off", "on", None, "235 "),
        ("unset", "off", False, "235 "),
    ],
)
def test_a_change_is_read_and_then_effective(before: str, organisation: str, disabled: bool | None, reply: str) -> None:
    with Lab(tenant_with(before, organisation)) as lab:
        assert reply not in sign_in(lab)
        assert change(lab, disabled).json["value"] == []
        assert read(lab).json["value"][0][SETTING] is disabled
        assert reply in sign_in(lab)


@pytest.mark.parametrize(
    ("before", "organisation", "disabled", "reply"),
    [
        ("off", "on", False, "disabled for the Mailbox."),
        ("unset", "off", False, "disabled for the Tenant."),
        ("on", "on", True, "235 "),
    ],
)
def test_until_its_time_has_come_the_former_value_counts(
    before: str, organisation: str, disabled: bool, reply: str
) -> None:
    with Lab(tenant_with(before, organisation, NEVER)) as lab:
        change(lab, disabled)
        assert read(lab).json["value"][0][SETTING] is disabled
        assert reply in sign_in(lab)


def test_a_change_becomes_effective_by_itself() -> None:
    with Lab(tenant_with("off", "on", Setting(delay_s=2))) as lab:
        change(lab, disabled=False)
        replies = [sign_in(lab)]
        while not replies[-1].startswith("235 "):
            replies.append(sign_in(lab))
    assert "disabled for the Mailbox." in replies[0]


def test_a_change_overtakes_the_one_that_the_scenario_began_with() -> None:
    propagating = load_scenario("propagating")
    with Lab(replace(propagating, setting=AT_ONCE)) as lab:
        assert read(lab).json["value"][0][SETTING] is False
        assert "disabled for the Mailbox." in sign_in(lab)
        change(lab, disabled=None)
        assert sign_in(lab).startswith("235 ")


def test_a_change_that_changes_nothing_comes_with_a_warning() -> None:
    with Lab(OFF) as lab:
        (warning,) = change(lab, disabled=True).json["@adminapi.warnings"]
        assert "no settings of 'scanner@contoso.com' have been modified" in warning
        assert change(lab, disabled=False).json["@adminapi.warnings"] == []


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({}, 200),
        ({"kind": "room"}, 200),
        ({"plan": ""}, 404),
        ({"cloud_mailbox": False}, 404),
        ({"enabled": False}, 200),
    ],
)
def test_a_mailbox_is_known_where_the_cloud_has_one(keys: dict[str, Any], status: int) -> None:
    box = Mailbox(address=SCANNER, sign_in_name="mfp@contoso.com", aliases=("copier@contoso.com",), **keys)
    with Lab(replace(HEALTHY, mailboxes=(box,))) as lab:
        for name in (SCANNER, "mfp@contoso.com", "copier@contoso.com"):
            assert ask(lab, "Get-CASMailbox", {"Identity": name}).status == status


def test_the_mailbox_is_found_however_its_letters_are_cased() -> None:
    with Lab(OFF) as lab:
        answer = ask(lab, "Set-CASMailbox", {"Identity": SCANNER.upper(), SETTING: None})
        assert answer.status == 200
        assert read(lab).json["value"][0][SETTING] is None


# --- refusals


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "status", "words"),
    [
        ("Set-TransportConfig", {SETTING: False}, 403, b"\0\0\0\0"),
        ("Get-CASMailbox", {"Identity": SCANNER, "BogusParameter": 1}, 400, b"specified. BogusParameter"),
        ("Get-TransportConfig", {"Identity": SCANNER}, 400, b"AmbiguousParameterSetException"),
        ("Get-CASMailbox", {}, 400, b"AmbiguousParameterSetException"),
        ("Get-CASMailbox", None, 400, b"not valid"),
        ("Set-CASMailbox", {"Identity": SCANNER, SETTING: "false"}, 400, b"ParameterTransformationException"),
        ("Get-CASMailbox", {"Identity": "absent@contoso.com"}, 404, b"ManagementObjectNotFoundException|"),
    ],
)
def test_what_cannot_be_run_is_refused_in_exchanges_words(
    cmdlet: str, parameters: Any, status: int, words: bytes
) -> None:
    with Lab(OFF) as lab:
        answer = ask(lab, cmdlet, parameters)
        assert answer.status == status
        assert words in answer.body
        assert read(lab).json["value"][0][SETTING] is True
    assert not lab.bugs


@pytest.mark.parametrize("body", ["", "[]", "{", '{"CmdletInput": 3}'])
def test_a_body_that_is_no_request_is_refused(body: str) -> None:
    with Lab(HEALTHY) as lab:
        assert post(lab, body).status == 400
    assert lab.requests[0].cmdlet == ""
    assert not lab.bugs


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("throttled", 429, b"maximum number of concurrent requests per tenant"),
        ("unavailable", 503, b"Service Unavailable"),
        ("no_role", 403, b"\0" * 4096),
        ("unsupported_role", 403, b"isn't supported in this scenario."),
        ("not_found", 404, b"ManagementObjectNotFoundException"),
        ("gone", 404, b""),
        ("html", 200, b"<!doctype html>"),
    ],
)
def test_a_fault_of_the_scenario_is_the_one_that_was_asked_for(fault: Any, status: int, words: bytes) -> None:
    with Lab(replace(OFF, setting=Setting(fault=fault, retry_after_s=7))) as lab:
        answers = [read(lab), change(lab, disabled=False)]
        reply = sign_in(lab)
    assert [answer.status for answer in answers] == [status, status]
    assert all(words in answer.body for answer in answers)
    assert (answers[0].headers.get("retry-after") == "7") == (fault == "throttled")
    assert "disabled for the Mailbox." in reply
    assert not lab.bugs


def test_without_a_role_for_the_organisation_the_mailbox_can_be_read_alone() -> None:
    with Lab(replace(HEALTHY, setting=Setting(fault="no_configuration_role"))) as lab:
        assert read(lab).status == 200
        assert ask(lab, "Get-TransportConfig", {}).status == 403


def test_where_the_answer_is_lost_the_change_is_made() -> None:
    with Lab(replace(OFF, setting=Setting(fault="times_out", delay_s=0))) as lab:
        waiting = connected(lab)
        body = {"CmdletInput": {"CmdletName": "Set-CASMailbox", "Parameters": {"Identity": SCANNER, SETTING: False}}}
        headers = {"Authorization": f"Bearer {lab.admin_token()}"}
        waiting.request("POST", f"/adminapi/beta/{TENANT}/InvokeCommand", json.dumps(body), headers)
        while read(lab).json["value"][0][SETTING]:
            pass
        assert sign_in(lab).startswith("235 ")
        waiting.sock.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            waiting.sock.recv(1)
    waiting.close()
    assert ("Set-CASMailbox", 0) in [(one.cmdlet, one.status) for one in lab.requests]
    assert not lab.bugs


# --- the way there


def test_only_the_endpoints_own_name_leads_to_it() -> None:
    with Lab(HEALTHY) as lab:
        assert lab.exchange_url == f"https://{HOST}"
        assert lab.route("localhost", 8443) == ("localhost", 8443)
        closed = lab.route("outlook.office365.us", 443)
        assert closed == lab.route("198.51.100.1", 443) == lab.route(HOST, 80)
        assert closed != lab.route(HOST, 443)


def test_a_key_that_is_wrong_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    texts = 'title.en = "A"\ntitle.fr = "B"\nstory.en = "C"\nstory.fr = "D"\n'
    file.write_text(f'{texts}[setting]\nfault = "moody"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"'setting\.fault' must be one of 'throttled', "):
        load_scenario(str(file))
    file.write_text(f'{texts}[setting]\ndelay_s = 0.5\nfault = "gone"\n', encoding="utf-8")
    assert load_scenario(str(file)).setting == Setting(delay_s=0.5, fault="gone")


ALL = json.dumps({"CmdletInput": {"CmdletName": "Get-CASMailbox", "Parameters": {"ResultSize": "Unlimited"}}})


def test_all_mailboxes_come_in_pages_and_the_same_is_sent_to_the_link_for_more() -> None:
    boxes = (*(Mailbox(address=f"scanner-{n}@contoso.com") for n in range(5)), Mailbox(address="x@y.de", plan=""))
    with Lab(replace(HEALTHY, mailboxes=boxes)) as lab:
        first = post(lab, ALL, prefer="odata.maxpagesize=3")
        link = first.json["@odata.nextLink"]
        assert link.startswith(f"https://{HOST}/adminapi/beta/{TENANT}/InvokeCommand?")
        second = post(lab, ALL, prefer="odata.maxpagesize=3", query="?" + link.partition("?")[2])
        whole = post(lab, ALL)
        assert post(lab, ALL, query="?%24skiptoken=x").status == 400
    rows = [*first.json["value"], *second.json["value"]]
    assert [row["PrimarySmtpAddress"] for row in rows] == [box.address for box in boxes[:5]]
    assert "@odata.nextLink" not in second.json
    assert whole.json["value"] == rows


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Get-CASMailbox", {"ResultSize": "10"}),
        ("Get-CASMailbox", {"ResultSize": "Unlimited", "Identity": SCANNER}),
        ("Set-CASMailbox", {"ResultSize": "Unlimited"}),
    ],
)
def test_another_number_of_results_is_not_understood(cmdlet: str, parameters: Any) -> None:
    with Lab(HEALTHY) as lab:
        assert ask(lab, cmdlet, parameters).status == 400
