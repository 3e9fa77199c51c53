"""The lab as a whole: it starts, stops, and leaves nothing behind."""

import logging
import socket
import threading

import pytest

from diag.lab import Lab, load_scenario, scenario_names
from tests.lab.device import SCANNER, Device, blob

HEALTHY = load_scenario("healthy")


def test_five_labs_start_and_stop_and_leave_nothing() -> None:
    before = set(threading.enumerate())
    folders, doors = [], []
    for _ in range(5):
        with Lab(HEALTHY) as lab, Device(lab) as device:
            assert device.sign_in(lab.token()).startswith("235 ")
            folders.append(lab.client_certificate.parent)
            doors += [lab.route("192.0.2.10", 587), ("127.0.0.1", int(lab.authority.split(":")[2].partition("/")[0]))]
    assert set(threading.enumerate()) == before
    assert not any(folder.exists() for folder in folders)
    for door in doors:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(door, timeout=5)


def test_two_labs_live_side_by_side_and_do_not_know_each_other() -> None:
    with Lab(HEALTHY) as one, Lab(load_scenario("authenticated-smtp-off")) as two:
        with Device(one) as device:
            assert device.sign_in(one.token()).startswith("235 ")
        with Device(two) as device:
            assert "disabled for the Mailbox" in device.sign_in(two.token())
        assert len(one.sessions) == len(two.sessions) == 1


def test_a_client_that_stays_does_not_keep_the_lab_from_stopping() -> None:
    with Lab(HEALTHY) as lab:
        staying = Device(lab)
        staying.begin()
        idle = Device(lab)
    with staying, idle:
        assert not [thread for thread in threading.enumerate() if thread.name == "diag-lab"]
    assert not lab.bugs


def test_no_credential_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Lab(HEALTHY) as lab:
        token = lab.token()
        with Device(lab) as device:
            device.sign_in(token)
        with Device(lab) as device:
            device.begin()
            device.say(f"AUTH XOAUTH2 {blob(SCANNER, token)}")
    sent = blob(SCANNER, token)
    assert token[:40] not in caplog.text
    assert sent[40:80] not in caplog.text


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_runs(name: str) -> None:
    with Lab(load_scenario(name)) as lab:
        assert lab.ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert lab.route("192.0.2.10", 587)[0] == "127.0.0.1"
        assert lab.token()
    assert not lab.bugs
