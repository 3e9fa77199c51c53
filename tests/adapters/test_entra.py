"""Tokens by msal, against the lab's sign-in service and against servers that misbehave, over real TLS."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme

from diag.adapters.credentials import (
    AppCertificate,
    AppSecret,
    Credential,
    DeviceCode,
    Given,
    Nobody,
    Refresh,
    credential_in,
    pem_with_key,
)
from diag.adapters.entra import Entra
from diag.adapters.trust import trust
from diag.evidence import (
    Auth,
    BrowserShowed,
    CodeExpired,
    Declined,
    Granted,
    NotAsked,
    Page,
    Reason,
    Refusal,
    SignInService,
    Silence,
)
from diag.lab import Lab, Scenario, load_scenario
from diag.lab.scenario import DeviceCode as LabCode
from diag.lab.scenario import Fault, SignIn
from diag.ports import Acquired
from diag.secret import Redactor, Secret
from diag.sentence import Sentence

HEALTHY = load_scenario("healthy")
ECHO, DRIP = b"echo the client assertion", b"drip" * 1000
SCOPE = "https://outlook.office.com/SMTP.Send"
ALL = "https://outlook.office365.com/.default"


@dataclass
class Somebody:
    """Keeps what a person would have seen, and answers what the browser showed."""

    browser: BrowserShowed | None = None
    told: list[str] = field(default_factory=list)
    codes: list[tuple[Secret, str, int]] = field(default_factory=list)

    def progress(self, now: Sentence, *, fleeting: bool = False) -> None:
        self.told.append(str(now))

    def show_code(self, code: Secret, page: str, lifetime_s: int) -> None:
        self.codes.append((code, page, lifetime_s))

    def browser_showed(self) -> BrowserShowed | None:
        return self.browser


def entra(
    authority: str,
    ca_file: Path,
    credential: Credential,
    *,
    scope: str = SCOPE,
    oidc: bool = False,
    person: Somebody | None = None,
    redactor: Redactor | None = None,
) -> Entra:
    return Entra(
        authority=authority,
        oidc=oidc,
        credential=credential,
        scope=scope,
        audiences=(),
        trust=trust(ca_file),
        redactor=redactor or Redactor(),
        person=person or Somebody(),
        timeout_s=2,
    )


@contextmanager
def lab(scenario: Scenario = HEALTHY) -> Iterator[Lab]:
    with Lab(scenario) as running:
        yield running
    assert not running.bugs


def by_code(scenario: Scenario, person: Somebody | None = None) -> Acquired:
    with lab(scenario) as running:
        port = entra(running.authority, running.ca_file, DeviceCode(client_id=running.client_id), person=person)
        acquired = asyncio.run(port.acquire())
        port.close()
        return acquired


def coded(**said: object) -> Scenario:
    return replace(HEALTHY, device_code=replace(LabCode(interval=1), **said))  # type: ignore[arg-type]


# --- discovery


def test_discovery_tells_the_tenants_id_and_the_services_date() -> None:
    with lab() as running:
        port = entra(running.authority, running.ca_file, Nobody())
        found = asyncio.run(port.discover())
        port.close()
    assert isinstance(found.discovery, SignInService)
    assert found.discovery.tenant == HEALTHY.tenant.id
    assert found.discovery.device_code
    assert found.clock is not None
    assert abs(found.clock.ahead.total_seconds()) < 60


def test_an_unknown_tenant_is_refused_with_its_number_and_ids() -> None:
    with lab() as running:
        port = entra(running.authority.replace("contoso.com", "contoso.example"), running.ca_file, Nobody())
        refusal = asyncio.run(port.discover()).discovery
        port.close()
    assert isinstance(refusal, Refusal)
    assert refusal.codes == (90002,)
    assert refusal.http_status == 400
    assert refusal.trace_id
    assert refusal.correlation_id
    assert refusal.timestamp
    assert "Trace ID" not in refusal.description


def test_a_certificate_that_does_not_verify_is_silence_by_tls(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with lab() as running:
        port = entra(running.authority, other, Nobody())
        found = asyncio.run(port.discover()).discovery
        port.close()
    assert isinstance(found, Silence)
    assert found.reason is Reason.TLS


def test_no_variable_of_the_environment_changes_the_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(other))
    with lab() as running:
        port = entra(running.authority, running.ca_file, Nobody())
        assert isinstance(asyncio.run(port.discover()).discovery, SignInService)
        port.close()


def test_a_closed_port_is_a_refused_connection(tmp_path: Path) -> None:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        authority = f"https://localhost:{sock.getsockname()[1]}/contoso.com"
    roots = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    found = asyncio.run(entra(authority, roots, Nobody()).discover()).discovery
    assert isinstance(found, Silence)
    assert found.reason is Reason.REFUSED


@contextmanager
def web(
    folder: Path, status: int, body: bytes | dict[str, bytes], kind: str, *, location: str = ""
) -> Iterator[tuple[str, Path, list[str]]]:
    """Serve one answer to everything, or one for each end of a path; yields authority, roots, and what was asked.

    `{base}` in a body is the server's own address.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked.append(f"{self.path} {self.rfile.read(length).decode()}".strip())
            chosen = body if isinstance(body, bytes) else body[self.path.rpartition("/")[2]]
            answer = chosen.replace(b"{base}", f"https://localhost:{server.server_port}".encode())
            if answer == ECHO:
                echoed = parse_qs(asked[-1].partition(" ")[2])["client_assertion"][0]
                answer = json.dumps({"error": "invalid_client", "error_description": f"bad {echoed}"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            if answer == DRIP:
                while not stop.wait(0.2):
                    self.wfile.write(b" ")
            with suppress(OSError):
                self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the same

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Keep the test's output clean."""

    stop = threading.Event()
    authority = trustme.CA()
    roots = folder / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that gave up is no error here
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/contoso.com", roots, asked
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_page_in_place_of_json_is_no_proper_answer(tmp_path: Path) -> None:
    with web(tmp_path, 200, b"<html>Please sign in to the guest network</html>", "text/html") as (url, roots, _):
        port = entra(url, roots, Nobody())
        found = asyncio.run(port.discover()).discovery
        port.close()
    assert isinstance(found, Silence)
    assert found.reason is Reason.PROTOCOL


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    with web(tmp_path, 302, b"{}", "application/json", location="https://localhost:1/") as (url, roots, asked):
        port = entra(url, roots, Nobody())
        found = asyncio.run(port.discover()).discovery
        port.close()
    assert isinstance(found, Refusal)
    assert asked == ["/contoso.com/v2.0/.well-known/openid-configuration"]


# --- device code


def test_a_device_code_ends_in_a_token_after_the_servers_own_interval() -> None:
    person = Somebody()
    acquired = by_code(coded(approve_after_polls=2), person)
    assert isinstance(acquired.acquisition, Granted)
    assert acquired.acquisition.polls == 2
    assert acquired.acquisition.waited_ms >= 2000
    assert acquired.token is not None
    assert len(acquired.token) > 1500
    ((code, page, lifetime),) = person.codes
    assert len(code) >= 8
    assert page.startswith("https://")
    assert lifetime == 900


def test_the_code_asks_for_what_a_device_asks_for() -> None:
    with lab(coded()) as running:
        port = entra(running.authority, running.ca_file, DeviceCode(client_id=running.client_id))
        asyncio.run(port.acquire())
        port.close()
    paths = [(request.method, request.path.rpartition("/")[2]) for request in running.requests]
    assert ("POST", "devicecode") in paths
    assert paths.count(("POST", "token")) == 1


def test_a_declined_sign_in_is_said_to_be_declined() -> None:
    assert isinstance(by_code(coded(outcome="declined")).acquisition, Declined)


def test_a_code_that_nobody_uses_expires_and_the_browser_is_asked_about() -> None:
    showed = BrowserShowed(page=Page.NEEDS_APPROVAL)
    expired = by_code(coded(outcome="never", lifetime_s=2), Somebody(browser=showed)).acquisition
    assert isinstance(expired, CodeExpired)
    assert expired.browser == showed
    assert expired.lifetime_s == 2


def test_slow_down_adds_five_seconds_to_the_interval() -> None:
    acquired = by_code(coded(slow_down=1, interval=0))
    assert isinstance(acquired.acquisition, Granted)
    assert acquired.acquisition.waited_ms >= 5000


@pytest.mark.parametrize("where", ["device_code", "token"])
def test_a_refusal_keeps_number_ids_and_policies(where: str) -> None:
    policy = "01234567-89ab-cdef-fedc-ba9876543210"
    fault = Fault(aadsts=53003, policies=(policy,))
    endpoint = replace(getattr(HEALTHY, where), error=fault)
    refusal = by_code(replace(HEALTHY, **{where: endpoint})).acquisition
    assert isinstance(refusal, Refusal)
    assert refusal.step == where
    assert refusal.codes == (53003,)
    assert refusal.policies == (policy,)
    assert refusal.trace_id
    assert refusal.correlation_id
    assert refusal.timestamp


def test_any_openid_provider_will_do() -> None:
    with lab() as running:
        credential = DeviceCode(client_id=running.client_id)
        port = entra(running.oidc_authority, running.ca_file, credential, oidc=True)
        assert isinstance(asyncio.run(port.acquire()).acquisition, Granted)
        port.close()


# --- without a person


def test_an_application_signs_in_with_its_secret_and_with_its_certificate() -> None:
    with lab() as running:
        pem = pem_with_key(running.client_certificate)
        assert pem is not None
        for credential in (
            AppSecret(client_id=running.client_id, secret=Secret(running.client_secret)),
            AppCertificate(client_id=running.client_id, pem=pem),
        ):
            port = entra(running.authority, running.ca_file, credential, scope=ALL)
            acquired = asyncio.run(port.acquire())
            port.close()
            assert isinstance(acquired.acquisition, Granted)
            assert acquired.acquisition.auth is Auth.APP
            assert acquired.token is not None


def test_a_wrong_secret_is_refused_and_never_shown() -> None:
    redactor, secret = Redactor(), "wrong-secret-canary-0123456789"
    with lab() as running:
        credential = AppSecret(client_id=running.client_id, secret=Secret(secret))
        port = entra(running.authority, running.ca_file, credential, scope=ALL, redactor=redactor)
        refusal = asyncio.run(port.acquire()).acquisition
        port.close()
    assert isinstance(refusal, Refusal)
    assert refusal.codes == (7000215,)
    assert secret not in repr(refusal)
    assert secret not in redactor.clean(f"echo {secret} echo")


def test_a_refresh_token_is_redeemed_once() -> None:
    with lab() as running:
        credential = Refresh(client_id=running.client_id, token=Secret(running.refresh_token()))
        port = entra(running.authority, running.ca_file, credential)
        acquired = asyncio.run(port.acquire())
        port.close()
    assert isinstance(acquired.acquisition, Granted)
    assert sum(request.path.endswith("/token") for request in running.requests) == 1


def test_an_error_of_the_service_itself_is_a_refusal_with_its_status() -> None:
    fault = Fault(aadsts=90033, error="temporarily_unavailable", http_status=503)
    refusal = by_code(replace(HEALTHY, token=replace(HEALTHY.token, error=fault))).acquisition
    assert isinstance(refusal, Refusal)
    assert refusal.http_status == 503
    assert refusal.codes == (90033,)


def test_without_credentials_nobody_is_asked(tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    port = entra("https://localhost:1/contoso.com", roots, Nobody())
    assert isinstance(asyncio.run(port.acquire()).acquisition, NotAsked)
    assert port.auth is None


def test_a_given_token_is_taken_as_it_is(tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(roots)
    acquired = asyncio.run(entra("https://localhost:1/x", roots, Given(token=Secret("t0k"))).acquire())
    assert acquired.token is not None
    assert acquired.token.reveal() == "t0k"


def test_no_token_is_asked_for_where_the_service_does_not_describe_itself(tmp_path: Path) -> None:
    with web(tmp_path, 500, b"{}", "application/json") as (url, roots, asked):
        port = entra(url, roots, DeviceCode(client_id="x"))
        assert isinstance(asyncio.run(port.acquire()).acquisition, NotAsked)
        port.close()
    assert len(asked) == 1


def test_the_account_that_signs_in_is_the_scenarios() -> None:
    from diag.evidence import Claims
    from diag.token import read_token

    acquired = by_code(replace(HEALTHY, sign_in=SignIn(account="admin@contoso.com")))
    assert acquired.token is not None
    claims = read_token(acquired.token)
    assert isinstance(claims, Claims)
    assert claims.user == "admin@contoso.com"


# --- what a token file holds


@pytest.mark.parametrize(
    ("content", "client_id", "expected"),
    [
        ("eyJ.abc.def\n", None, Given),
        (json.dumps({"access_token": "abc", "refresh_token": "r"}), "x", Given),
        (json.dumps({"refresh_token": "r"}), "x", Refresh),
        (json.dumps({"refresh_token": "r", "client_id": "y"}), None, Refresh),
        (json.dumps({"refresh_token": "r"}), None, type(None)),
        (json.dumps(["abc"]), "x", type(None)),
        ("two words", "x", type(None)),
        ("tok\x01en", "x", type(None)),
        ("", "x", type(None)),
    ],
)
def test_a_token_file_holds_a_token_or_a_token_response(content: str, client_id: str | None, expected: type) -> None:
    assert isinstance(credential_in(Secret(content), client_id), expected)


def test_a_certificate_file_without_its_key_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    trustme.CA().cert_pem.write_to_path(file)
    assert pem_with_key(file) is None
    file.write_bytes(b"\xff\xfe")
    assert pem_with_key(file) is None


# --- a sign-in service that means harm

SELF = json.dumps(
    {
        "issuer": "{base}/contoso.com/v2.0",
        "authorization_endpoint": "{base}/authorize",
        "token_endpoint": "{base}/token",
        "device_authorization_endpoint": "{base}/devicecode",
    }
).encode()
CODE = b'{"user_code":"ABC","device_code":"d","verification_uri":"https://x.example","expires_in":3,"interval":0}'


def meet(folder: Path, credential: Credential, **bodies: bytes) -> tuple[Acquired, list[str], Redactor]:
    redactor = Redactor()
    answers = {"openid-configuration": SELF, **bodies}
    with web(folder, 200, answers, "application/json") as (url, roots, asked):
        port = entra(url, roots, credential, scope=ALL, redactor=redactor)
        acquired = asyncio.run(port.acquire())
        port.close()
    return acquired, asked, redactor


def test_an_answer_that_drips_ends_with_the_time_out(tmp_path: Path) -> None:
    with web(tmp_path, 200, DRIP, "application/json") as (url, roots, _):
        found = asyncio.run(entra(url, roots, Nobody()).discover()).discovery
    assert isinstance(found, Silence)
    assert found.reason is Reason.TIMEOUT


def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    with web(tmp_path, 200, b'{"issuer":"' + b"x" * 2**21 + b'"}', "application/json") as (url, roots, _):
        found = asyncio.run(entra(url, roots, Nobody()).discover()).discovery
    assert isinstance(found, Silence)
    assert found.reason is Reason.PROTOCOL


def test_an_interval_of_nothing_is_a_second(tmp_path: Path) -> None:
    acquired, asked, _ = meet(
        tmp_path, DeviceCode(client_id="c"), devicecode=CODE, token=b'{"error":"authorization_pending"}'
    )
    assert isinstance(acquired.acquisition, CodeExpired)
    assert 1 <= sum(path.startswith("/token") for path in asked) <= 4


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"x"', b"[" * 50_000, b'{"access_token":5,"expires_in":null,"id_token":5}', b"<html>", b"{", b"null"],
)
@pytest.mark.parametrize("where", ["token", "devicecode"])
def test_an_answer_that_is_no_answer_breaks_nothing(tmp_path: Path, where: str, body: bytes) -> None:
    credential: Credential = DeviceCode(client_id="c")
    if where == "token":
        credential = AppSecret(client_id="c", secret=Secret("s" * 20))
    acquired, _, _ = meet(tmp_path, credential, **{where: body})
    assert isinstance(acquired.acquisition, Silence | Refusal)
    assert acquired.token is None


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"token_endpoint":5,"issuer":[]}', b"9" * 6000])
def test_a_description_that_is_none_breaks_nothing(tmp_path: Path, body: bytes) -> None:
    with web(tmp_path, 200, body, "application/json") as (url, roots, _):
        found = asyncio.run(entra(url, roots, DeviceCode(client_id="c")).acquire())
    assert found.token is None


def test_a_client_assertion_that_comes_back_is_not_shown(tmp_path: Path) -> None:
    with lab() as running:
        pem = pem_with_key(running.client_certificate)
    assert pem is not None
    acquired, asked, _ = meet(tmp_path, AppCertificate(client_id="c", pem=pem), token=ECHO)
    (posted,) = [parse_qs(path.partition(" ")[2]) for path in asked if path.startswith("/token")]
    assertion = posted["client_assertion"][0]
    assert isinstance(acquired.acquisition, Refusal)
    assert not any(assertion[at : at + 16] in repr(acquired) for at in range(0, len(assertion) - 16, 4))


def test_discovery_is_asked_once_however_many_wait(tmp_path: Path) -> None:
    async def both(port: Entra) -> None:
        await asyncio.gather(port.discover(), port.discover(), port.acquire())

    with web(tmp_path, 500, b"{}", "application/json") as (url, roots, asked):
        port = entra(url, roots, DeviceCode(client_id="c"))
        asyncio.run(both(port))
        port.close()
    assert len(asked) == 1
