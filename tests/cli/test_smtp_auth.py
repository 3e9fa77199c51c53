"""The setting of a mailbox, read and changed as a person or a script does it, against the lab."""

import json
from pathlib import Path

import jsonschema
import pytest

import reports
from diag.cli.app import run
from reports import setting_json

MAILBOX = "scanner@contoso.com"
LAB = ["--lab", "authenticated-smtp-off"]
SCHEMA = Path(reports.__file__).with_name("setting.schema.json")


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def scenario(folder: Path, *lines: str) -> list[str]:
    """Write a scenario of a mailbox that is switched off, with what else the lines say."""
    file = folder / "mine.toml"
    both = 'title.en = "x"\ntitle.fr = "x"\nstory.en = "x"\nstory.fr = "x"\n'
    mailbox = '[[mailboxes]]\naddress = "scanner@contoso.com"\nauthenticated_smtp = "off"\n'
    file.write_text("\n".join((both, mailbox, *lines)), encoding="utf-8")
    return ["--lab", str(file)]


def smtp_auth(*arguments: str, lab: list[str] | None = None, **environment: str) -> int:
    name, *rest = arguments
    return run(["smtp-auth", name, MAILBOX, *rest, *(LAB if lab is None else lab)], environment)


def flat(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def as_json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    report: dict[str, object] = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    return report


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == setting_json.schema()


def test_the_setting_is_read_with_who_said_so_and_whether_that_is_published(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smtp_auth("get") == 0
    out = flat(capsys)
    assert out.startswith(
        f"{MAILBOX} The mailbox's own value off The organisation's value on What holds for the mailbox off"
    )
    assert "Read through exchange (Microsoft publishes no contract for what this speaks)" in out
    assert smtp_auth("get", "--format", "json") == 0
    report = as_json(capsys)
    assert report["setting"] == report["setting"] | {  # type: ignore[operator]
        "mailbox": "off",
        "organisation": "on",
        "effective": "off",
        "backend": "exchange",
        "vendor_supported": False,
    }


def test_nothing_is_changed_unless_somebody_says_yes_and_the_exact_change_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smtp_auth("enable") == 0
    captured = capsys.readouterr()
    assert f"{MAILBOX}: Authenticated SMTP goes from off to on." in captured.out
    assert f"Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $false" in captured.out
    assert "Nothing was changed. To make this change, run the same again with --yes." in captured.out
    assert captured.err == ""
    assert smtp_auth("enable", "--format", "json") == 0
    report = as_json(capsys)
    assert (report["outcome"], report["planned"]) == ("planned", "on")
    assert smtp_auth("history") == 0
    assert "knows of no change" in flat(capsys)


def test_a_change_is_read_back_written_down_and_undone_to_exactly_what_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smtp_auth("inherit", "--yes", "--ticket", "INC-7") == 5
    assert f"{MAILBOX}: Authenticated SMTP was off and is unset (follows the organisation) now" in flat(capsys)
    assert smtp_auth("undo", "--yes", "--anyway", "--format", "json") == 5
    report = as_json(capsys)
    change = report["change"]
    assert isinstance(change, dict)
    assert (change["before"], change["after"], change["undoes"], change["operator"]) == (
        "unset",
        "off",
        1,
        "admin@contoso.com",
    )
    assert smtp_auth("history", "--format", "json") == 0
    changes = as_json(capsys)["changes"]
    assert isinstance(changes, list)
    assert [(one["id"], one["ticket"], one["progress"]) for one in changes] == [
        (2, None, "written"),
        (1, "INC-7", "written"),
    ]
    assert smtp_auth("undo", "--yes", "--anyway") == 1
    assert "an undo is not undone" in flat(capsys)


def test_what_is_so_already_is_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert smtp_auth("disable", "--yes") == 0
    assert "is off already, so there is nothing to change" in flat(capsys)


def test_a_second_change_while_the_first_may_be_on_its_way_wants_to_be_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smtp_auth("enable", "--yes") == 5
    told = flat(capsys)
    assert "do not change it again meanwhile. Microsoft gives no figure" in told
    assert f"diag scan-to-email {MAILBOX} --wait 30m" in told
    for asked, code in ((["--yes"], 1), ([], 0)):
        assert smtp_auth("disable", *asked) == code
        assert "run the same again with --anyway" in flat(capsys)
    assert smtp_auth("disable", "--yes", "--anyway") == 5


def test_without_a_change_there_is_nothing_to_undo(capsys: pytest.CaptureFixture[str]) -> None:
    assert smtp_auth("undo", "--yes") == 1
    assert "knows of no change" in flat(capsys)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("no_role", 3, "has no role that allows Get-CASMailbox"),
        ("throttled", 3, "too many requests"),
        ("unavailable", 3, "cannot answer at the moment"),
        ("not_found", 3, f"has no mailbox {MAILBOX}"),
        ("gone", 3, "Use the Microsoft 365 admin center or Exchange Online PowerShell instead"),
        ("html", 3, "A web page came in place of Exchange Online's answer"),
    ],
)
def test_what_keeps_the_setting_from_being_read_is_one_sentence(
    fault: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, f'[setting]\nfault = "{fault}"\nretry_after_s = 30')
    for command in (["get"], ["enable", "--yes"]):
        assert smtp_auth(*command, lab=lab) == code
        assert said in flat(capsys)
    assert smtp_auth("history", lab=lab) == 0
    assert "knows of no change" in flat(capsys)


def test_without_the_role_for_the_organisation_its_value_is_said_to_be_unreadable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, '[setting]\nfault = "no_configuration_role"')
    assert smtp_auth("get", lab=lab) == 0
    assert "The organisation's value not readable with this account" in flat(capsys)


def test_all_of_it_is_told_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert smtp_auth("get", LANG="fr_FR.UTF-8") == 0
    assert "Ce qui s\u2019applique désactivé" in flat(capsys)
    assert smtp_auth("enable", LANG="fr_FR.UTF-8") == 0
    assert "passe de « désactivé » à « activé »" in flat(capsys)
    assert smtp_auth("enable", "--yes", LANG="fr_FR.UTF-8") == 5
    assert smtp_auth("history", LANG="fr_FR.UTF-8") == 0
    assert "Modification 1" in flat(capsys)


@pytest.mark.parametrize("word", ["*", "organization", "Default", "contoso.com"])
def test_there_is_no_way_to_name_the_organisation(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["smtp-auth", "enable", word, "--yes", *LAB], {}) == 2
    assert "is not a mail address" in capsys.readouterr().err


def test_a_ledger_that_cannot_be_used_is_said_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = tmp_path / "diag.db"
    nothing.write_text("this is no database, and long enough not to be taken for an empty one " * 20, encoding="utf-8")
    assert smtp_auth("enable", "--yes", "--ledger", str(nothing)) == 2
    assert "it is no SQLite database" in capsys.readouterr().err
    assert smtp_auth("get") == 0
    assert "What holds for the mailbox off" in flat(capsys)


def test_a_password_in_the_url_of_the_ledger_belongs_into_the_environment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = "postgresql://diag:hunter2@127.0.0.1:1/diag"
    assert smtp_auth("history", "--ledger", url, lab=[]) == 2
    err = capsys.readouterr().err
    assert "DIAG_LEDGER" in err
    assert "hunter2" not in err
    assert smtp_auth("history", lab=[], DIAG_LEDGER=url) == 2
    err = capsys.readouterr().err
    assert "127.0.0.1" in err
    assert "hunter2" not in err


def test_the_lab_forgets_when_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert smtp_auth("enable", "--yes") == 5
    assert "remembers" not in capsys.readouterr().err
    assert smtp_auth("get") == 0
    assert "this forgets it: diag lab reset authenticated-smtp-off" in capsys.readouterr().err
    assert run(["lab", "reset", "authenticated-smtp-off"], {}) == 0
    assert run(["lab", "reset", "authenticated-smtp-off"], {}) == 0
    assert "Nothing was changed in the lab" in capsys.readouterr().out
    assert smtp_auth("history") == 0
    assert "knows of no change" in flat(capsys)
    assert smtp_auth("get") == 0
    assert "What holds for the mailbox off" in flat(capsys)


# --- with the diagnosis


def test_it_is_found_switched_on_waited_for_and_healthy_and_says_how_long_that_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["scan-to-email", MAILBOX, *LAB, "--fix", "--yes", "--wait", "2m", "--ticket", "INC-9"]
    assert run(asked, {}) == 0
    captured = capsys.readouterr()
    out = " ".join(captured.out.split())
    assert out.startswith(f"{MAILBOX} can sign in and send")
    assert "by admin@contoso.com (change 1, ticket INC-9). It was effective" in out
    assert "Authenticated SMTP was off and is on now, as read back." in captured.err
    assert run(["scan-to-email", MAILBOX, *LAB], {}) == 0
    capsys.readouterr()
    assert smtp_auth("history") == 0
    told = flat(capsys)
    assert "What came of it: effective #" in told
    assert "The one change in this tenant that was measured took" in told


def test_without_waiting_it_ends_as_changed_and_not_yet_effective(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, "[setting]\ndelay_s = 600.0")
    assert run(["scan-to-email", MAILBOX, *lab, "--fix", "--yes"], {}) == 5
    assert flat(capsys).startswith(f"{MAILBOX} cannot send yet")
    assert run(["scan-to-email", MAILBOX, *lab, "--format", "json"], {}) == 5
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "waiting"
    assert (report["setting"]["mailbox"], report["setting"]["backend"]) == ("on", "exchange")
    assert report["propagation"]["change"]["progress"] == "written"
    assert run(["scan-to-email", MAILBOX, *lab, "--wait", "4s"], {}) == 5
    assert "do not change it again meanwhile" in flat(capsys)


def test_fixing_without_yes_shows_the_change_and_makes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan-to-email", MAILBOX, *LAB, "--fix"], {}) == 1
    captured = capsys.readouterr()
    assert f"Set-CASMailbox -Identity {MAILBOX} -SmtpClientAuthenticationDisabled $false" in captured.err
    assert "run the same again with --yes" in captured.err
    assert smtp_auth("get") == 0
    assert "What holds for the mailbox off" in flat(capsys)


def test_where_another_cause_is_found_nothing_is_switched(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan-to-email", MAILBOX, "--lab", "token-for-graph", "--fix", "--yes"], {}) == 1
    assert "switching Authenticated SMTP on is not what is needed here" in capsys.readouterr().err


def test_without_an_administrator_nothing_can_be_fixed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan-to-email", MAILBOX, "--fix"], {}) == 2
    assert "--fix needs an administrator" in capsys.readouterr().err
    assert run(["smtp-auth", "get", MAILBOX], {}) == 2
    assert "Say which application administrators sign in with" in capsys.readouterr().err


def test_the_devices_application_is_not_the_administrators(capsys: pytest.CaptureFixture[str]) -> None:
    same = ["--client-id", "5CA11AB1", "--admin-client-id", "5ca11ab1"]
    assert run(["scan-to-email", MAILBOX, *same], {}) == 2
    assert "is the device's application" in capsys.readouterr().err


@pytest.mark.parametrize("wait", ["0", "soon", "25h", "-5m", "1h1h", "5 m"])
def test_a_duration_is_one(wait: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan-to-email", MAILBOX, f"--wait={wait}"], {}) == 2
    assert "--wait takes a duration such as 90s, 30m or 1h30m" in capsys.readouterr().err


# --- a lab is nobody's but its own


def test_a_lab_never_writes_into_the_ledger_of_real_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = tmp_path / "real.db"
    config = tmp_path / "diag.toml"
    config.write_text(f"[admin]\nledger = {json.dumps(str(real))}\n", encoding="utf-8")
    assert smtp_auth("enable", "--yes", DIAG_LEDGER=str(real)) == 5
    assert smtp_auth("undo", "--yes", "--anyway", "--config", str(config)) == 5
    assert not real.exists()
    capsys.readouterr()
    assert smtp_auth("history") == 0
    assert "It undoes change 1." in flat(capsys)


def test_a_real_command_is_not_turned_into_one_of_a_lab_by_what_is_configured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smtp_auth("enable", "--yes", lab=[], DIAG_LAB="authenticated-smtp-off") == 2
    assert "Say which application administrators sign in with" in capsys.readouterr().err
    config = tmp_path / "diag.toml"
    config.write_text('[admin]\nlab = "authenticated-smtp-off"\n', encoding="utf-8")
    assert smtp_auth("enable", "--yes", "--config", str(config), lab=[]) == 2
    assert "unknown key" in capsys.readouterr().err


def test_what_is_configured_for_the_real_tenant_is_not_used_in_a_lab(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = {
        "DIAG_AUTHORITY": "https://login.example.invalid/contoso.com",
        "DIAG_CLIENT_ID": "the-real-one",
        "DIAG_ADMIN_CLIENT_ID": "the-real-administrators",
        "DIAG_ADMIN_CLIENT_SECRET": "s3cr3t",
        "DIAG_CA_FILE": str(tmp_path / "none.pem"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    assert run(["smtp-auth", "get", MAILBOX, *LAB], real) == 0
    assert "What holds for the mailbox off" in flat(capsys)


@pytest.mark.parametrize("name", ["...toml", "healthy.toml", "a b.toml"])
def test_files_of_scenarios_have_folders_of_their_own(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "data" / "sign-in.bin"
    kept.parent.mkdir()
    kept.write_text("keep me", encoding="utf-8")
    first, second = tmp_path / "one" / name, tmp_path / "two" / name
    for file in (first, second):
        file.parent.mkdir()
        file.write_bytes(Path(scenario(tmp_path)[1]).read_bytes())
    assert smtp_auth("enable", "--yes", lab=["--lab", str(first)]) == 5
    capsys.readouterr()
    assert smtp_auth("get", lab=["--lab", str(second)]) == 0
    assert "What holds for the mailbox off" in flat(capsys)
    assert run(["lab", "reset", str(first)], {}) == 0
    assert kept.read_text(encoding="utf-8") == "keep me"
    assert smtp_auth("get", "--lab", "healthy", lab=[]) == 0
    assert "What holds for the mailbox on" in flat(capsys)


def test_a_scenario_that_is_shown_as_it_is_written_knows_of_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert smtp_auth("enable", "--yes") == 5
    capsys.readouterr()
    assert run(["lab", "run", "authenticated-smtp-off"], {}) == 1
    assert "was changed from" not in capsys.readouterr().out


def test_what_somebody_switched_back_elsewhere_is_on_no_way_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smtp_auth("enable", "--yes") == 5
    (memory,) = tmp_path.glob("data/lab/*/tenant.json")
    changes = json.loads(memory.read_text(encoding="utf-8"))
    changes.append(changes[0] | {"value": "off"})
    memory.write_text(json.dumps(changes), encoding="utf-8")
    capsys.readouterr()
    assert run(["scan-to-email", MAILBOX, *LAB], {}) == 1
    out = flat(capsys)
    assert "switched off for this mailbox" in out
    assert "do not change it again meanwhile" not in out
    assert smtp_auth("enable", "--yes") == 5


def test_a_mailbox_that_was_just_switched_off_is_not_called_healthy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, "[setting]\ndelay_s = 600.0")
    text = Path(lab[1]).read_text(encoding="utf-8").replace('authenticated_smtp = "off"', 'authenticated_smtp = "on"')
    Path(lab[1]).write_text(text, encoding="utf-8")
    assert smtp_auth("disable", "--yes", lab=lab) == 5
    capsys.readouterr()
    assert run(["scan-to-email", MAILBOX, *lab], {}) == 1
    assert "the mail server does not act on it yet" in flat(capsys)
    assert smtp_auth("enable", "--yes", "--anyway", lab=lab) == 5
    capsys.readouterr()
    assert run(["scan-to-email", MAILBOX, *lab], {}) == 0
    assert smtp_auth("history", "--format", "json", lab=lab) == 0
    changes = json.loads(capsys.readouterr().out.partition("{")[2].join(("{", "")))["changes"]
    assert [one["progress"] for one in changes] == ["written", "written"]


def test_an_address_that_is_only_another_name_of_the_mailbox_is_said_to_be_and_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, "[setting]\ndelay_s = 600.0")
    text = Path(lab[1]).read_text(encoding="utf-8")
    named = text.replace('authenticated_smtp = "off"', 'authenticated_smtp = "off"\nsign_in_name = "mfp@contoso.com"')
    Path(lab[1]).write_text(named, encoding="utf-8")
    alias = "mfp@contoso.com"
    assert run(["smtp-auth", "enable", alias, *lab, "--yes"], {}) == 5
    told = flat(capsys)
    assert f"{alias} is another address of the mailbox {MAILBOX}." in told
    assert f"diag scan-to-email {alias} --wait 30m" in told
    for name in (alias, MAILBOX):
        assert run(["smtp-auth", "history", name, *lab], {}) == 0
        assert "Change 1" in flat(capsys)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_report_that_cannot_be_written_does_not_hide_that_the_change_was_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smtp_auth("enable", "--yes", "--output", "/dev/full") == 5
    captured = capsys.readouterr()
    assert "is on now, as read back" in captured.out
    assert "/dev/full cannot be written" in captured.err
