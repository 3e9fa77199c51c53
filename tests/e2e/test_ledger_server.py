"""The real command with a PostgreSQL server as its ledger: what one process changed, another knows of."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import diag
from tests.store.postgresql import PASSWORD, PostgreSQL, running

MAILBOX = "scanner@contoso.com"
LAB = ("--lab", "authenticated-smtp-off")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running() as started:
        yield started


def test_a_change_is_written_down_on_the_server_and_read_by_another_process(server: PostgreSQL, tmp_path: Path) -> None:
    database = server.database()
    # In a lab a configured ledger is left alone; one that is typed names no password.
    here = {"PGPASSWORD": PASSWORD}
    lab = (*LAB, "--ledger", f"postgresql://diag@127.0.0.1:{server.port}/{database}")
    made = diag("smtp-auth", "enable", MAILBOX, *lab, "--yes", "--ticket", "INC-9", folder=tmp_path, **here)
    assert made.code == 5, made.err
    read = diag("smtp-auth", "history", MAILBOX, *lab, "--format", "json", folder=tmp_path, **here)
    assert read.code == 0, read.err
    (change,) = json.loads(read.out)["changes"]
    found = [change[name] for name in ("before", "after", "progress", "ticket", "operator")]
    assert found == ["off", "on", "written", "INC-9", "admin@contoso.com"]
    undone = diag("smtp-auth", "undo", MAILBOX, *lab, "--yes", "--anyway", folder=tmp_path, **here)
    assert undone.code in {0, 5}, undone.err
    configured = {"DIAG_LEDGER": server.url(database)}
    again = diag("smtp-auth", "history", MAILBOX, "--format", "json", folder=tmp_path, **configured)
    assert [one["undoes"] for one in json.loads(again.out)["changes"]] == [change["id"], None]
    assert not list(tmp_path.rglob("diag.db"))
    assert PASSWORD not in "".join(ran.out + ran.err for ran in (made, read, undone, again))
