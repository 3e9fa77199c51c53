"""A lab in another process: how its file leads there, and what is left when it ends."""

import json
import signal
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from diag.lab import Lab, ScenarioError, hand_out, handed_out, load_scenario, served, truth_of, withdraw
from diag.lab.records import Recent
from diag.lab.scenario import Certificate
from diag.lab.served import read_served
from tests.e2e.command import diag
from tests.lab.crowd import crowd, crowd_text
from tests.lab.device import SCANNER, Device
from tests.lab.graph import ask
from tests.lab.serving import serving
from tests.lab.signing_in import app_token, redeemed
from tests.lab.test_network import resolver

HEALTHY = load_scenario("healthy")
DEVICES = '[run]\nauth = "token"\nholds = "refresh_token"\n[[fleet]]\ncount = 3\nnamed = "mfp-{number}@contoso.com"\n'
TEXTS = 'title.en = "A"\ntitle.fr = "B"\nstory.en = "C"\nstory.fr = "D"\n'


def test_a_served_lab_is_reached_through_its_file_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "crowd.toml").write_text(crowd_text(50, {"off": 0.5}), encoding="utf-8")
    with serving("crowd.toml", tmp_path) as running:
        assert stat.S_IMODE(running.file.stat().st_mode) == 0o600 or sys.platform == "win32"
        lab = served(str(running.file))
        assert truth_of(lab.scenario) == truth_of(crowd(50, {"off": 0.5}))
        token = app_token(lab)
        for name, reply in (("healthy-00025", "235 "), ("off-00025", "535 5.7.139 ")):
            with Device(lab) as device:
                assert device.sign_in(token, f"{name}@contoso.com").startswith(reply)
        with Device(lab, "192.0.2.11", host="smtp-lyon.contoso.com") as device:
            assert device.hear().startswith("220 ")
        assert str(resolver(lab).resolve("smtp-lyon.contoso.com", "A")[0]) == "192.0.2.11"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(lab.route("203.0.113.9", 587), timeout=5)
        folder = lab.ca_file.parent
        assert folder.is_dir()
        running.process.terminate()
        out, err = running.process.communicate(timeout=30)
        if sys.platform != "win32":  # there a process is ended at once, and cannot tidy up
            assert (running.process.returncode, out, err) == (0, "", "")
            assert not running.file.exists()
            assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(lab.door, timeout=5)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_every_signal_that_asks_to_end_is_heard(name: str, tmp_path: Path) -> None:
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip("whoever runs the tests has it ignored, as nohup does, and so do the programs they start")
    with serving("healthy", tmp_path) as running:
        running.process.send_signal(getattr(signal, name))
        out, err = running.process.communicate(timeout=30)
    assert (running.process.returncode, out, err) == (0, "", "")
    assert [entry.name for entry in tmp_path.iterdir()] == []


def test_commands_in_other_processes_meet_the_same_tenant_one_after_the_other(tmp_path: Path) -> None:
    with serving("fleet", tmp_path) as running:
        mailbox = "mfp-101@contoso.com"

        def scan() -> str:
            ran = diag("scan-to-email", mailbox, "--lab", str(running.file), "--format", "json", folder=tmp_path)
            return str(json.loads(ran.out)["verdict"])

        assert scan() == "broken"
        enabled = diag("smtp-auth", "enable", mailbox, "--lab", str(running.file), "--yes", folder=tmp_path)
        assert enabled.code in {0, 5}, enabled.err
        history = diag("smtp-auth", "history", mailbox, "--lab", str(running.file), folder=tmp_path)
        assert "admin@contoso.com" in history.out
        assert diag("scan-to-email", mailbox, "--lab", str(running.file), "--wait", "20s", folder=tmp_path).code == 0
        assert [place.name for place in tmp_path.rglob("diag.db")] == ["diag.db"]
    assert not [*tmp_path.rglob("diag.db"), *tmp_path.rglob("tenant.json")]
    with serving("fleet", tmp_path) as running:
        assert scan() == "broken"


def test_two_served_labs_do_not_share_a_file_and_a_second_start_is_refused(tmp_path: Path) -> None:
    with serving("healthy", tmp_path) as running:
        again = diag("lab", "serve", "healthy", "--output", str(running.file), folder=tmp_path)
        assert (again.code, again.err) == (2, f"diag: The lab of {running.file} runs already.\n")
        assert served(str(running.file)).answers
        with serving("fleet", tmp_path, file="other.json") as other:
            assert served(str(other.file)).scenario.name == "fleet"
            assert served(str(running.file)).scenario.name == "healthy"


def test_a_lab_that_is_gone_is_one_clear_sentence(tmp_path: Path) -> None:
    file = tmp_path / "gone.json"
    with Lab(HEALTHY) as lab:
        hand_out(handed_out(lab), file)
        assert served(str(file)).answers
    ran = diag("scan-to-email", SCANNER, "--lab", str(file), folder=tmp_path)
    told = f"diag: The lab of {file} does not run any more; this starts it: diag lab serve healthy\n"
    assert (ran.code, ran.out, ran.err) == (2, "", told)


def test_somebody_else_at_its_port_is_not_taken_for_the_lab(tmp_path: Path) -> None:
    file = tmp_path / "gone.json"
    with Lab(HEALTHY) as lab, Lab(HEALTHY) as other:
        content = json.loads(_written(lab, file))
        file.write_text(json.dumps(content | {"door": other.door}), encoding="utf-8")
        with pytest.raises(ScenarioError, match="does not run any more"):
            served(str(file))
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            file.write_text(json.dumps(content | {"door": deaf.getsockname()}), encoding="utf-8")
            deaf.close()
            with pytest.raises(ScenarioError, match="does not run any more"):
                served(str(file))


def _written(lab: Lab, file: Path) -> str:
    hand_out(handed_out(lab), file)
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form": "diag.lab/1"}', "[" * 100_000, "\x00"])
def test_a_file_that_is_none_is_refused_in_words(content: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(content, encoding="utf-8")
    for read in (load_scenario, served):
        with pytest.raises(ScenarioError, match="was not written by this version's 'diag lab serve'"):
            read(str(file))
    with pytest.raises(ScenarioError, match="cannot be read: "):
        served(str(tmp_path / "absent.json"))


def test_the_file_is_called_after_the_scenario_where_nothing_else_is_said(tmp_path: Path) -> None:
    with serving("healthy", tmp_path, file="") as running:
        assert served(str(tmp_path / "healthy.lab.json")).scenario.name == "healthy"
    assert running.process.returncode == 0 or sys.platform == "win32"


def test_a_file_that_cannot_be_the_labs_is_refused(tmp_path: Path) -> None:
    ran = diag("lab", "serve", "healthy", "--output", "lab.txt", folder=tmp_path)
    assert (ran.code, ran.err) == (2, "diag: lab.txt must end in .json: --lab knows by that what it is.\n")
    assert diag("lab", "serve", "absent", folder=tmp_path).code == 2
    ran = diag("lab", "serve", "healthy", "--output", str(tmp_path / "no" / "lab.json"), folder=tmp_path)
    assert (ran.code, "cannot be written" in ran.err) == (2, True)


def test_a_file_is_only_removed_by_the_lab_that_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    with Lab(HEALTHY) as lab:
        first, second = handed_out(lab), handed_out(lab)
        hand_out(first, file)
        hand_out(second, file)
        withdraw(first, file)
        assert read_served(file).id == second.id
        withdraw(second, file)
        withdraw(second, file)
    assert not file.exists()


def test_what_stands_in_the_file_is_as_good_as_the_lab_itself_and_is_not_shown(tmp_path: Path) -> None:
    with Lab(HEALTHY) as lab:
        hand_out(handed_out(lab), tmp_path / "lab.json")
        found = served(str(tmp_path / "lab.json"))
        assert found.scenario == lab.scenario
        assert ask(lab, "/organization", token=found.graph_token()).status == 200
        with Device(found) as device:
            assert device.sign_in(found.token()).startswith("235 ")
        assert redeemed(found, found.refresh_token())["token_type"] == "Bearer"
        assert found.client_certificate.read_bytes() == lab.client_certificate.read_bytes()
        for address in (("192.0.2.10", 587), ("graph.microsoft.com", 443), ("203.0.113.1", 25), ("localhost", 8080)):
            assert found.route(*address) == lab.route(*address)
        names = (
            "client_id",
            "admin_client_id",
            "exchange_url",
            "graph_url",
            "authority",
            "oidc_authority",
            "nameserver",
        )
        assert [getattr(found, name) for name in names] == [getattr(lab, name) for name in names]
        for secret in (found.token(), found.client_secret, found.admin_token(), found.admin_refresh_token()):
            assert secret not in repr(found)


def test_where_devices_hold_tokens_each_scanner_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "devices.toml").write_text(TEXTS + DEVICES, encoding="utf-8")
    with Lab(load_scenario(str(tmp_path / "devices.toml"))) as lab:
        hand_out(handed_out(lab), tmp_path / "lab.json")
        found = served(str(tmp_path / "lab.json"))
        for number in (1, 2, 3):
            name = f"mfp-{number}@contoso.com"
            token = redeemed(found, found.refresh_token(name))["access_token"]
            with Device(found) as device:
                assert device.sign_in(token, name).startswith("235 ")
        assert found.refresh_token("absent@contoso.com") == found.refresh_token(found.scenario.account)
        ran = diag("scan-to-email", "mfp-3@contoso.com", "--lab", str(tmp_path / "lab.json"), folder=tmp_path)
    assert ran.code == 0, ran.out


def test_a_lab_that_runs_long_keeps_the_newest_visits_only() -> None:
    with Lab(HEALTHY, recent=3) as lab:
        token = app_token(lab)
        for _ in range(10):
            with Device(lab) as device:
                assert device.sign_in(token).startswith("235 ")
                device.say("QUIT")  # by now the sign-in is written down
        assert 3 <= len(lab.sessions) <= 6
        assert lab.sessions[-1].user == SCANNER
    kept: list[int] = Recent(2)
    everything: list[int] = Recent()
    for number in range(100):
        kept.append(number)
        everything.append(number)
    assert kept[-2:] == [98, 99]
    assert len(kept) <= 4
    assert everything == list(range(100))


def test_the_inventory_of_a_scenario_or_of_a_served_lab_is_printed(tmp_path: Path) -> None:
    ran = diag("lab", "inventory", "fleet", folder=tmp_path)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 61
    assert ran.out.startswith(
        "mailbox,tenant,site,sender,device,owner,smtp_host,tls\nmfp-001@contoso.com,contoso.com,Paris,"
    )
    with Lab(load_scenario("fleet")) as lab:
        hand_out(handed_out(lab), tmp_path / "lab.json")
        assert diag("lab", "inventory", str(tmp_path / "lab.json"), folder=tmp_path).out == ran.out


def test_a_lab_whose_sign_in_service_shows_a_bad_certificate_is_known_again_all_the_same(tmp_path: Path) -> None:
    bad = replace(HEALTHY, certificate=Certificate(valid_to_days=-1, sign_in=True))
    with Lab(bad) as lab:
        hand_out(handed_out(lab), tmp_path / "lab.json")
        assert served(str(tmp_path / "lab.json")).answers
