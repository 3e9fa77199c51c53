import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from diag.adapters.credentials import AppCertificate, AppSecret, DeviceCode, Given, Nobody, Refresh
from diag.adapters.entra import Entra
from diag.evidence import Auth
from diag.lab import Lab, ScenarioError, load_scenario
from diag.ports import Clock, Ports
from diag.secret import Secret
from diag.subject import EXCHANGE_ONLINE_ID, HOSTS, Cloud, InvalidInputError
from diag.wiring import Examination, Options, SystemClock, examination
from tests.evidence_cases import MAILBOX
from tests.fakes import World, jwt

CLIENT = "5ca11ab1-e0de-4d1a-9f00-0123456789ab"
SECRET = Secret("client-secret-Xy7~canary")
TOKEN = Secret(jwt())


def options(**given: Any) -> Options:
    return Options(**{"mailbox": MAILBOX} | given)


def examined(chosen: Options) -> Examination:
    with examination(chosen, World()) as found:
        return found


def entra(chosen: Options) -> Entra:
    tokens = examined(chosen).ports.tokens
    assert isinstance(tokens, Entra)
    return tokens


def refusal(chosen: Options) -> str:
    with pytest.raises(InvalidInputError) as refused, examination(chosen, World()):
        pass
    return str(refused.value.sentence)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pem") / "app.pem"
    trustme.CA().issue_cert("app.example").private_key_and_cert_chain_pem.write_to_path(file)
    return file


# --- who signs in


@pytest.mark.parametrize(
    ("given", "auth", "credential"),
    [
        ({}, None, Nobody),
        ({"client_id": CLIENT}, Auth.DEVICE_CODE, DeviceCode),
        ({"client_id": CLIENT, "client_secret": SECRET}, Auth.APP, AppSecret),
        ({"token": TOKEN}, Auth.TOKEN, Given),
        ({"token": TOKEN, "client_id": CLIENT}, Auth.TOKEN, Given),
        ({"token": TOKEN, "client_id": CLIENT, "client_secret": SECRET}, Auth.TOKEN, Given),
        ({"token": TOKEN, "client_id": CLIENT, "auth": Auth.DEVICE_CODE}, Auth.DEVICE_CODE, DeviceCode),
        ({"client_id": CLIENT, "client_secret": SECRET, "auth": Auth.DEVICE_CODE}, Auth.DEVICE_CODE, DeviceCode),
        ({"token": TOKEN, "client_id": CLIENT, "client_secret": SECRET, "auth": Auth.APP}, Auth.APP, AppSecret),
    ],
    ids=[
        "nothing",
        "a client id",
        "a client id and its secret",
        "a token",
        "a token before a client id",
        "a token before a secret",
        "a device code on request",
        "a device code in place of a secret",
        "a secret on request",
    ],
)
def test_who_signs_in_follows_from_what_is_given(given: dict[str, Any], auth: Auth | None, credential: type) -> None:
    tokens = entra(options(**given))
    assert tokens.auth is auth
    assert type(tokens.credential) is credential


def test_a_client_id_reaches_the_request_as_it_was_given() -> None:
    assert entra(options(client_id=CLIENT)).client_id == CLIENT
    assert entra(options(token=TOKEN)).client_id is None


def test_a_certificate_signs_an_application_in_before_a_secret(pem: Path) -> None:
    tokens = entra(options(client_id=CLIENT, client_certificate=pem, client_secret=SECRET))
    assert tokens.auth is Auth.APP
    assert isinstance(tokens.credential, AppCertificate)
    assert tokens.credential.pem.reveal() == pem.read_text()


def test_a_token_response_gives_its_access_token() -> None:
    response = Secret(json.dumps({"access_token": TOKEN.reveal(), "refresh_token": "0.AXoA"}))
    credential = entra(options(token=response)).credential
    assert isinstance(credential, Given)
    assert credential.token.reveal() == TOKEN.reveal()


def test_a_token_file_may_end_in_a_line_break() -> None:
    credential = entra(options(token=Secret(f"{TOKEN.reveal()}\r\n"))).credential
    assert isinstance(credential, Given)
    assert credential.token.reveal() == TOKEN.reveal()


def test_a_refresh_token_is_redeemed_with_the_client_id_it_belongs_to() -> None:
    credential = entra(options(token=Secret('{"refresh_token": "0.AXoA"}'), client_id=CLIENT)).credential
    assert isinstance(credential, Refresh)
    assert (credential.client_id, credential.token.reveal()) == (CLIENT, "0.AXoA")


# --- what cannot be used


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mailbox": None}, "No mailbox was given."),
        ({"mailbox": "u@x.example\r\nRCPT"}, "control character"),
        ({"sender": ""}, "is not a mail address"),
        ({"recipient": "a,b@x.example"}, "is not a mail address"),
        ({"tenant": "common"}, "neither a tenant id nor a domain"),
        ({"smtp_host": ""}, "is not a host name"),
        ({"smtp_port": 0}, "0 is not a port number"),
        ({"auth": Auth.DEVICE_CODE}, "--client-id"),
        ({"auth": Auth.APP}, "--client-id"),
        ({"auth": Auth.APP, "client_id": CLIENT}, "--client-secret-file"),
        ({"auth": Auth.TOKEN}, "--token-file"),
        ({"client_id": " "}, "is not a client id"),
        ({"client_id": ""}, "is not a client id"),
        ({"client_id": "a\r\nb"}, r"'a\r\nb' is not a client id"),
        ({"authority": "https://a.example", "oidc_authority": "https://b.example"}, "not both"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_in_words(given: dict[str, Any], said: str) -> None:
    assert said in refusal(options(**given))


@pytest.mark.parametrize(
    "content", ["", "two words", "{}", "[]", "{", '{"access_token": "a\\u0001b"}', '{"access_token": 1}']
)
def test_a_token_file_that_holds_none_is_refused(content: str) -> None:
    assert "neither an access token nor a JSON token response" in refusal(options(token=Secret(content)))


def test_a_refresh_token_alone_belongs_to_no_client() -> None:
    assert "also needs --client-id" in refusal(options(token=Secret('{"refresh_token": "0.AXoA"}')))


def test_a_refused_token_is_not_shown() -> None:
    said = refusal(options(token=Secret("hunter2 correct horse"), client_id=CLIENT))
    assert "hunter2" not in said


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = refusal(options(client_id=CLIENT, client_certificate=Path("missing.pem")))
    assert "missing.pem" in said
    assert "cannot be read" in said


def test_a_certificate_file_without_its_key_is_refused(tmp_path: Path, pem: Path) -> None:
    text = pem.read_text()
    begin = text.index("-----BEGIN CERTIFICATE")
    key = load_pem_private_key(pem.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    for number, half in enumerate((text[begin:], text[:begin], "", locked.decode() + text[begin:])):
        file = tmp_path / f"{number}.pem"
        file.write_text(half)
        assert "private key without passphrase and its certificate" in refusal(
            options(client_id=CLIENT, client_certificate=file)
        )


# --- where tokens are asked for


@pytest.mark.parametrize("option", ["authority", "oidc_authority"])
@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/contoso.com",
        "HTTP://login.example",
        "login.example/contoso.com",
        "//login.example",
        "ftp://login.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user@login.example",
        "https://user:word@login.example",
        "https://login.example?x=1",
        "https://login.example/#x",
        "https://login.example:port",
        "https://login.example:99999",
        "https://[::1",
        "https://login_1.example",
        "https://login example",
        "https://exämple.com",
        "not a url",
    ],
)
def test_a_token_is_asked_for_only_at_a_plain_https_address(option: str, url: str) -> None:
    said = refusal(options(client_id=CLIENT, **{option: url}))
    assert "sign-in service" in said or "is not a host name" in said


# A URL whose user is empty and whose password is not still carries a password.
@pytest.mark.parametrize("url", ["https://:word@login.example/contoso.com"])
def test_an_address_with_a_password_alone_is_refused_too(url: str) -> None:
    assert "sign-in service" in refusal(options(client_id=CLIENT, authority=url))


# urlsplit drops these before it looks; what goes to the libraries is the text as it was given.
@pytest.mark.parametrize(
    "url",
    [
        "https://login.exam\nple/contoso.com",
        "\x01https://login.example",
        " https://login.example",
    ],
)
def test_an_address_with_control_characters_or_spaces_is_refused(url: str) -> None:
    said = refusal(options(client_id=CLIENT, authority=url))
    assert said.isprintable()


def test_an_address_that_was_given_is_used_as_it_stands() -> None:
    url = "https://login.example:8443/11111111-2222-4333-8444-555555555555"
    tokens = entra(options(client_id=CLIENT, authority=url))
    assert (tokens.authority, tokens.oidc) == (url, False)
    other = entra(options(client_id=CLIENT, oidc_authority="https://id.example/realms/scan"))
    assert (other.authority, other.oidc) == ("https://id.example/realms/scan", True)


@pytest.mark.parametrize("cloud", Cloud)
def test_every_cloud_signs_in_and_sends_at_its_own_hosts(cloud: Cloud) -> None:
    hosts = HOSTS[cloud]
    found = examined(options(cloud=cloud, client_id=CLIENT))
    assert isinstance(found.ports.tokens, Entra)
    assert found.subject.smtp_host == hosts.smtp
    assert found.ports.tokens.authority == f"https://{hosts.sign_in}/contoso.com"
    assert found.ports.tokens.scope == f"{hosts.resources[0]}/SMTP.Send"
    assert found.ports.tokens.audiences == (*hosts.resources, EXCHANGE_ONLINE_ID)
    by_itself = entra(options(cloud=cloud, client_id=CLIENT, client_secret=SECRET))
    assert by_itself.scope == f"{hosts.resources[-1]}/.default"


def test_a_tenant_that_was_given_is_asked_in_place_of_the_mailbox_s_domain() -> None:
    assert entra(options(tenant="fabrikam.com")).authority == "https://login.microsoftonline.com/fabrikam.com"


def test_a_scope_that_was_given_is_asked_for() -> None:
    assert entra(options(client_id=CLIENT, scope="openid smtp")).scope == "openid smtp"


def test_the_audiences_of_another_provider_are_not_known() -> None:
    assert entra(options(client_id=CLIENT, oidc_authority="https://id.example/realms/scan")).audiences == ()


def test_the_sender_is_the_mailbox_unless_another_is_given() -> None:
    assert examined(options()).subject.sender == MAILBOX
    assert examined(options(sender="other@contoso.com")).subject.sender == "other@contoso.com"


def test_host_and_port_are_used_as_they_are_given() -> None:
    subject = examined(options(smtp_host="mail.example.net", smtp_port=2525)).subject
    assert (subject.smtp_host, subject.smtp_port) == ("mail.example.net", 2525)


def test_every_port_is_filled_and_one_redactor_knows_all_secrets() -> None:
    found = examined(options(client_id=CLIENT))
    assert isinstance(found.ports, Ports)
    assert isinstance(found.ports.tokens, Entra)
    assert found.ports.tokens.redactor is found.redactor
    clock: Clock = found.ports.clock
    assert isinstance(clock, SystemClock)
    assert clock.now().tzinfo is not None
    before = clock.elapsed_ms()
    assert clock.elapsed_ms() >= before >= 0


# --- the lab


@pytest.fixture(scope="module")
def in_lab() -> Iterator[Examination]:
    with examination(Options(mailbox=None, lab="healthy"), World()) as found:
        yield found


def test_the_lab_fills_what_was_not_said(in_lab: Examination) -> None:
    scenario = load_scenario("healthy")
    tokens = in_lab.ports.tokens
    assert isinstance(tokens, Entra)
    assert in_lab.subject.mailbox == scenario.run.mailbox
    assert tokens.client_id == scenario.app.client_id
    assert tokens.auth is scenario.run.auth
    assert tokens.authority.startswith("https://localhost:") or tokens.authority.startswith("https://127.0.0.1:")


def test_what_was_said_counts_in_the_lab_as_well() -> None:
    said = options(
        mailbox="other@contoso.com", sender="from@contoso.com", client_id="mine", auth=Auth.DEVICE_CODE, lab="healthy"
    )
    with examination(said, World()) as found:
        assert found.subject.mailbox == "other@contoso.com"
        assert found.subject.sender == "from@contoso.com"
        assert found.ports.tokens.client_id == "mine"


@pytest.mark.parametrize(
    ("auth", "credential"), [(Auth.TOKEN, Given), (Auth.APP, AppSecret), (Auth.DEVICE_CODE, DeviceCode)]
)
def test_the_lab_gives_what_a_way_to_sign_in_needs(auth: Auth, credential: type) -> None:
    with examination(Options(mailbox=None, auth=auth, lab="healthy"), World()) as found:
        assert isinstance(found.ports.tokens, Entra)
        assert type(found.ports.tokens.credential) is credential
        assert found.ports.tokens.auth is auth


def test_a_device_of_the_lab_that_stores_a_refresh_token_redeems_it() -> None:
    with examination(Options(mailbox=None, lab="refresh-token-dead"), World()) as found:
        assert isinstance(found.ports.tokens, Entra)
        assert isinstance(found.ports.tokens.credential, Refresh)


# A scenario may name another submission host, and its name server knows only that one.
def test_the_lab_s_own_host_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.toml"
    healthy = resources.files("diag.lab").joinpath("scenarios/healthy.toml").read_text("utf-8")
    file.write_text(f'{healthy}\n[network]\nhost = "mail.example.net"\n', "utf-8")
    with examination(Options(mailbox=None, lab=str(file)), World()) as found:
        assert found.subject.smtp_host == "mail.example.net"


def test_a_lab_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScenarioError, match="Did you mean 'healthy'"):
        examined(options(lab="helthy"))


def test_the_lab_is_stopped_even_where_the_options_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[Lab] = []
    leave = Lab.__exit__

    def leaving(lab: Lab, *error: Any) -> None:
        leave(lab, *error)
        stopped.append(lab)

    monkeypatch.setattr(Lab, "__exit__", leaving)
    said = refusal(replace(options(lab="healthy"), sender="not an address"))
    assert "is not a mail address" in said
    assert len(stopped) == 1
