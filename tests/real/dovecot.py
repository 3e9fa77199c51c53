"""Dovecot's submission server, in a folder and on a port of its own: a real server with XOAUTH2 that is not ours."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
HOST = "submission.example.org"

_CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
auth_verbose = yes
protocols = submission
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
hostname = {host}
ssl = required
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.pem
disable_plaintext_auth = yes
auth_mechanisms = xoauth2 oauthbearer
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_trusted = no
mail_location = maildir:{base}/mail/%u
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {port}
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u
}}
first_valid_uid = 0
first_valid_gid = 0
"""

_OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={base}/keys/
username_attribute = upn
issuers = https://issuer.example.org
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server: where it is, whose roots to trust, whose tokens it accepts, and what it passed on."""

    port: int
    ca_file: Path
    key: rsa.RSAPrivateKey
    messages: list[bytes]
    log: Path

    def token(self, user: str, *, lifetime: timedelta = timedelta(hours=1), padding: int = 1200) -> str:
        """An access token as this server accepts it, of the size of Entra's."""
        now = datetime.now(UTC)
        claims = {
            "iss": "https://issuer.example.org",
            "aud": "submission",
            "sub": user,
            "upn": user,
            "scp": "SMTP.Send",
            "iat": now - timedelta(minutes=5),
            "nbf": now - timedelta(minutes=5),
            "exp": now + lifetime,
            "filler": "x" * padding,
        }
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "default"})


class _Relay:
    """Where Dovecot passes accepted messages on to."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        return "250 2.0.0 OK"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _users() -> dict[str, str | int]:
    """Debian's users where root starts the server, else whoever runs the tests."""
    import grp  # not on Windows, where these tests are skipped
    import pwd

    name = "dovecot" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    user = pwd.getpwnam(name)
    login = "dovenull" if os.getuid() == 0 else name
    group = grp.getgrgid(user.pw_gid).gr_name
    return {"internal": name, "group": group, "login": login, "uid": user.pw_uid, "gid": user.pw_gid}


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
            if sock.recv(3) == b"220":
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"Dovecot did not start: {log.read_text() if log.exists() else process.poll()}")


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    """Start Dovecot; skips where it is not installed, and fails instead where that is required."""
    if sys.platform == "win32" or BINARY is None:
        if "dovecot" in os.environ.get("DIAG_TEST_REQUIRE", ""):
            pytest.fail("Dovecot is required here, but not installed")
        pytest.skip("Dovecot is not installed (Debian: dovecot-submissiond)")
    # Not pytest's folder: Dovecot's users, other than the one who runs the tests, must be able to enter.
    with tempfile.TemporaryDirectory(prefix="dovecot") as folder:
        base = Path(folder)
        base.chmod(0o755)
        yield from _run(base, BINARY)


def _run(base: Path, binary: str) -> Iterator[Dovecot]:
    authority, key = trustme.CA(), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (base / "server.pem").write_bytes(authority.issue_cert(HOST, "127.0.0.1").private_key_and_cert_chain_pem.bytes())
    authority.cert_pem.write_to_path(base / "ca.pem")
    keys = base / "keys" / "default" / "RS256"
    keys.mkdir(parents=True)
    (keys / "default").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    relay = _Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=_free_port())
    controller.start()
    port, users = _free_port(), _users()
    (base / "mail").mkdir()
    os.chown(base / "mail", int(users["uid"]), int(users["gid"]))
    configuration = _CONFIGURATION.format(base=base, port=port, relay=controller.port, host=HOST, **users)
    (base / "dovecot.conf").write_text(configuration, encoding="utf-8")
    (base / "oauth2.conf").write_text(_OAUTH2.format(base=base), encoding="utf-8")
    process = subprocess.Popen([binary, "-F", "-c", str(base / "dovecot.conf")])  # noqa: S603 - the path found above
    try:
        _wait_for(port, process, base / "log")
        yield Dovecot(port, base / "ca.pem", key, relay.messages, base / "log")
    finally:
        process.terminate()
        process.wait(timeout=20)
        controller.stop()
