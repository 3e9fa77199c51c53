"""The two applications, set up as a person or a script does it, against the lab."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import reports
from diag.cli.app import run
from reports import setup_json

LAB = ["--lab", "healthy"]
ADMIN_APP = "ad314b1e-0000-4d1a-9f00-0123456789ab"
SCHEMA = Path(reports.__file__).with_name("setup.schema.json")
BOTH = 'title.en = "x"\ntitle.fr = "x"\nstory.en = "x"\nstory.fr = "x"\n'
MAILBOX = '[[mailboxes]]\naddress = "scanner@contoso.com"\n'


class Typed(io.StringIO):
    """A terminal: what is typed there, or what is shown."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "nobody")


def scenario(folder: Path, *lines: str) -> list[str]:
    file = folder / "mine.toml"
    file.write_text("\n".join((BOTH, MAILBOX, *lines)), encoding="utf-8")
    return ["--lab", str(file)]


def setup(*arguments: str, lab: list[str] | None = None, **environment: str) -> int:
    return run(["setup", *arguments, *(LAB if lab is None else lab)], environment)


def flat(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def as_json(capsys: pytest.CaptureFixture[str]) -> Any:
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    return report


def by_purpose(report: Any) -> Any:
    return {one["purpose"]: one for one in report["apps"]}


def test_the_shipped_schema_is_the_one_that_the_code_makes() -> None:
    assert SCHEMA.read_text("utf-8") == setup_json.schema()


def test_nothing_is_made_unless_somebody_says_yes_and_all_of_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup() == 0
    captured = capsys.readouterr()
    out = " ".join(captured.out.split())
    assert "diag SMTP (the device signs in with it: --client-id) Client id not registered yet" in out
    assert "Register the application diag SMTP: for this tenant alone, with device codes allowed" in out
    assert "to be asked for: Office 365 Exchange Online (SMTP.Send). -" in out
    assert "Register the application diag administrator:" in out
    assert "Nothing was made. To make it, run the same again with --yes." in out
    assert captured.err == ""
    assert setup("--format", "json") == 0
    report = as_json(capsys)
    assert report["outcome"] == "planned"
    assert [len(one["changes"]) for one in report["apps"]] == [2, 2]
    assert {one["client_id"] for one in report["apps"]} == {None}


def test_both_are_made_read_back_and_not_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup("--yes") == 0
    out = flat(capsys)
    assert "Both applications are as they should be, as read back." in out
    assert "https://login.microsoftonline.com/contoso.com/adminconsent?client_id=" in out
    assert "the browser may show AADSTS500113 after it was accepted" in out
    assert "diag setup --check --tenant contoso.com --admin-client-id " in out
    assert setup("--yes", "--format", "json") == 0
    report = as_json(capsys)
    apps = by_purpose(report)
    assert report["outcome"] == "nothing"
    assert apps["smtp"]["permissions"] == ["SMTP.Send"]
    assert "Exchange.Manage" in apps["admin"]["permissions"]
    assert apps["smtp"]["client_id"] != apps["admin"]["client_id"]
    for one in apps.values():
        assert one["consent"] == "missing"
        assert one["consent_link"].endswith(f"/contoso.com/adminconsent?client_id={one['client_id']}")
        assert len({one["client_id"], one["object_id"], one["enterprise_object_id"]}) == 3
    assert setup() == 0
    assert "so there is nothing to do." in flat(capsys)


@pytest.mark.parametrize(("typed", "made"), [("yes\n", True), ("no\n", False), ("", False)])
def test_whoever_is_asked_sees_it_first_and_has_to_type_yes(
    typed: str, made: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Typed()
    monkeypatch.setattr("sys.stdin", Typed(typed))
    monkeypatch.setattr("sys.stderr", screen)
    assert setup() == 0
    shown = screen.getvalue()
    assert shown.index("Register the application diag SMTP") < shown.index("Make all of this? Type yes to go on;")
    assert ("as read back" in flat(capsys)) is made
    assert setup("--yes", "--format", "json") == 0
    assert as_json(capsys)["outcome"] == ("nothing" if made else "made")


def test_an_application_that_sends_by_itself_gets_the_lines_with_the_right_object_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    boxes = "scanner@contoso.com,o'brien@contoso.com"
    assert setup("--app-only", boxes) == 0
    assert "are shown once the application is made" in flat(capsys)
    assert setup("--yes", "--app-only", boxes, "--format", "json") == 0
    report = as_json(capsys)
    smtp = by_purpose(report)["smtp"]
    assert smtp["permissions"] == ["SMTP.Send", "SMTP.SendAsApp"]
    _, app_only = report["commands"]
    enterprise, client_id = smtp["enterprise_object_id"], smtp["client_id"]
    assert app_only["lines"][1:] == [
        f"New-ServicePrincipal -AppId {client_id} -ObjectId {enterprise} -DisplayName 'diag SMTP'",
        f"Add-MailboxPermission -Identity scanner@contoso.com -User {enterprise} -AccessRights FullAccess",
        f"Add-MailboxPermission -Identity 'o''brien@contoso.com' -User {enterprise} -AccessRights FullAccess",
    ]
    assert smtp["object_id"] not in " ".join(app_only["lines"])


def test_an_administrators_application_that_asks_at_night_gets_its_own_kind_of_permissions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert setup("--yes", "--format", "json") == 0
    (before,) = [one for one in as_json(capsys)["apps"] if one["purpose"] == "admin"]
    assert before["application_permissions"] == []
    assert setup("--unattended") == 0
    told = flat(capsys)
    by_itself = "Change diag administrator: it then also asks for Office 365 Exchange Online, with nobody signed in"
    assert f"{by_itself} (Exchange.ManageAsApp), Microsoft Graph, with nobody signed in (Application.Read.All," in told
    assert "Change diag SMTP" not in told
    assert setup("--yes", "--unattended", "--format", "json") == 0
    report = as_json(capsys)
    after = by_purpose(report)
    assert set(after["admin"]["permissions"]) == {*before["permissions"], "Exchange.ManageAsApp"}
    reading = {one for one in before["permissions"] if one != "Exchange.Manage"}
    assert set(after["admin"]["application_permissions"]) == {*reading, "Exchange.ManageAsApp"}
    assert after["smtp"]["application_permissions"] == []
    assert any("Certificates & secrets" in one and "Global Reader" in one for one in report["said"])
    assert setup("--unattended") == 0
    assert "so there is nothing to do." in flat(capsys)


def test_the_least_role_is_shown_with_what_to_look_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup() == 0
    out = capsys.readouterr().out
    assert '  Get-ManagementRoleEntry "*\\Set-CASMailbox"\n' in out
    assert "-Parameters Identity,SmtpClientAuthenticationDisabled\n" in out
    assert "-Members admin@contoso.com\n" in out
    assert "sources differ on which roles hold Set-CASMailbox" in " ".join(out.split())


def test_an_administrator_signs_in_with_a_code_of_an_application_that_was_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert setup("--admin-client-id", ADMIN_APP) == 0
    captured = capsys.readouterr()
    assert captured.err.count("Type this code:") == 1
    assert "Nothing was made." in captured.out


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("no_permission", 1, "It needs the permission Application.ReadWrite.All"),
        ("throttled", 1, "too many requests"),
        ("unavailable", 1, "cannot answer at the moment"),
        ("html", 1, "A web page came in place of Microsoft Graph's answer"),
    ],
)
def test_what_keeps_it_from_being_made_is_one_sentence_and_the_next_run_completes_it(
    fault: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, f'[directory.faults]\nsetup = "{fault}"')
    assert setup("--yes", lab=lab) == code
    assert said in flat(capsys)
    assert setup("--yes", "--format", "json", lab=lab) == code
    assert as_json(capsys)["outcome"] == "not_made"
    assert setup("--yes", lab=scenario(tmp_path)) == 0
    assert "as read back" in flat(capsys)


@pytest.mark.parametrize("question", ["app", "registration"])
def test_what_may_not_be_read_names_the_permission_that_lacks(
    question: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, f'[directory.faults]\n{question} = "no_permission"')
    for more in ([], ["--yes"]):
        assert setup(*more, lab=lab) == 3
        assert "It needs the permission Application.Read.All" in flat(capsys)
    assert setup("--format", "json", lab=lab) == 3
    report = as_json(capsys)
    assert (report["outcome"], report["apps"], report["commands"]) == ("no_answer", [], [])


def test_consent_that_may_not_be_read_is_said_not_to_be_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup("--yes", lab=scenario(tmp_path)) == 0
    assert setup(lab=scenario(tmp_path, '[directory.faults]\nconsent = "no_permission"')) == 0
    out = flat(capsys)
    assert "What was consented to diag SMTP could not be read" in out
    assert "It needs the permission Directory.Read.All" in out
    assert "Consent for everybody not readable with this account" in out


def test_two_applications_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = scenario(tmp_path, '[app]\nname = "diag SMTP"')
    assert setup("--yes", lab=lab) == 0
    name = next((tmp_path / "data" / "lab").glob("mine-*")) / "applications.json"
    kept = json.loads(name.read_text("utf-8"))
    twin = next(iter(kept["applications"].values()))
    kept["applications"]["twin"] = twin | {"id": "twin", "appId": "22222222-2222-4222-8222-222222222222"}
    kept["applications"]["twin"]["displayName"] = "diag administrator"
    name.write_text(json.dumps(kept), "utf-8")
    capsys.readouterr()
    assert setup("--yes", lab=lab) == 1
    assert "is the name of more than one application in this tenant" in flat(capsys)


def test_an_administrators_permission_on_the_devices_application_is_said_loudly_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup("--yes", lab=scenario(tmp_path)) == 0
    file = next((tmp_path / "data" / "lab").glob("mine-*")) / "applications.json"
    kept = json.loads(file.read_text("utf-8"))
    (smtp,) = [one for one in kept["applications"].values() if one["displayName"] == "diag SMTP"]
    manage = {"id": "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c", "type": "Scope"}
    smtp["requiredResourceAccess"][0]["resourceAccess"].append(manage)
    file.write_text(json.dumps(kept), "utf-8")
    capsys.readouterr()
    assert setup("--yes", "--app-only", "scanner@contoso.com", lab=scenario(tmp_path)) == 1
    out = flat(capsys)
    assert "DANGER: diag SMTP" in out
    assert "what only an administrator may have: Exchange.Manage." in out
    assert json.loads(file.read_text("utf-8")) == kept
    assert setup("--format", "json", lab=scenario(tmp_path)) == 1
    report = as_json(capsys)
    assert report["outcome"] == "danger"
    for other in [one for one in kept["applications"].values() if one is not smtp]:
        other["isFallbackPublicClient"] = False
    file.write_text(json.dumps(kept), "utf-8")
    assert setup("--yes", lab=scenario(tmp_path)) == 1
    assert "Everything else is as it should be, as read back." in flat(capsys)
    assert by_purpose(report)["smtp"]["consent_link"] is None


def test_the_devices_application_does_not_sign_an_administrator_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, f'[admin]\nclient_id = "{ADMIN_APP}"')
    assert setup("--yes", lab=lab) == 0
    file = next((tmp_path / "data" / "lab").glob("mine-*")) / "applications.json"
    kept = json.loads(file.read_text("utf-8"))
    (smtp,) = [one for one in kept["applications"].values() if one["displayName"] == "diag SMTP"]
    capsys.readouterr()
    assert setup("--yes", lab=scenario(tmp_path, f'[admin]\nclient_id = "{smtp["appId"]}"')) == 1
    assert "--admin-client-id names diag SMTP, the device's application." in flat(capsys)


# --- which permission lacks


def test_with_everything_consented_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup("--check") == 0
    out = capsys.readouterr().out
    assert "User.Read.All                  there\n" in out
    assert "Nothing is missing" in out
    assert max(map(len, out.splitlines())) <= 80


def test_each_permission_that_is_missing_is_named_beside_its_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, '[admin]\nscopes = ["Directory.Read.All", "Exchange.Manage"]')
    assert setup("--check", lab=lab) == 1
    out = flat(capsys)
    assert "Sign-ins AuditLog.Read.All MISSING" in out
    assert "Consent Directory.Read.All there" in out
    assert "Missing: MailboxSettings.Read, Policy.Read.All, Policy.Read.ConditionalAccess, AuditLog.Read.All" in out
    assert setup("--check", "--format", "json", lab=lab) == 1
    report = as_json(capsys)
    assert report["outcome"] == "checked"
    states = {row["permission"]: row["state"] for row in report["permissions"]}
    assert states["User.Read.All"] == "there", "Directory.Read.All includes it"
    assert states["AuditLog.Read.All"] == "missing"
    assert states["Exchange.Manage"] == "there"


def test_whoever_lacks_the_permission_for_the_setting_is_not_asked_to_sign_in_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = scenario(tmp_path, '[admin]\nscopes = ["User.Read.All"]')
    assert setup("--check", "--admin-client-id", ADMIN_APP, lab=lab) == 1
    captured = capsys.readouterr()
    assert captured.err.count("Type this code:") == 1
    assert "No token: the sign-in service refuses the administrator: AADSTS65001" in captured.out
    assert "Exchange.Manage                MISSING" in captured.out


def test_an_application_by_itself_is_checked_with_nobody_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not-the-secret", "utf-8")
    asked = ["--check", "--admin-client-id", ADMIN_APP, "--admin-client-secret-file", str(secret)]
    assert setup(*asked) == 3
    captured = capsys.readouterr()
    assert "AADSTS7000215" in captured.out
    assert captured.err == ""


def test_without_a_token_for_anything_nothing_could_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    for more in (["--check"], []):
        assert setup(*more, "--admin-client-id", "00000000-nobody") == 3
        assert "AADSTS700016" in flat(capsys)


# --- the first application, and mistakes


def test_without_an_application_to_sign_in_with_it_is_told_how_the_first_is_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["setup", "--tenant", "fabrikam.com"], {}) == 2
    captured = capsys.readouterr()
    out = " ".join(captured.out.split())
    assert "App registrations > New registration" in out
    assert "Allow public client flows" in out
    assert "tick Application.ReadWrite.All" in out
    assert "diag setup --tenant fabrikam.com --admin-client-id ID" in out
    assert captured.err == ""
    assert run(["setup", "--format", "json"], {}) == 2
    report = as_json(capsys)
    assert report["outcome"] == "by_hand"
    assert len(report["said"]) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--admin-client-id", ADMIN_APP], "Say which tenant to set up: --tenant contoso.com."),
        (["--admin-client-id", ADMIN_APP, "--tenant", "x"], "neither a tenant id nor a domain"),
        (["--lab", "healthy", "--app-only", "scanner"], "not a mail address"),
        (["--lab", "healthy", "--app-only", "scanner@contoso.com, x@contoso.com"], "not a mail address"),
        (["--lab", "healthy", "--format", "markdown"], "--format takes one of text, json"),
        (["--lab", "healthy", "--graph-url", "http://graph.example"], "is not an address like"),
        (["--lab", "healthy", "extra"], "There is an argument too many."),
        (["--chek"], "is --check meant?"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["setup", *arguments], {}) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_all_of_it_is_told_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(LANG="fr_FR.UTF-8") == 0
    assert "Inscrire l\u2019application diag SMTP" in flat(capsys)
    assert setup("--yes", LANG="fr_FR.UTF-8") == 0
    assert "Les deux applications sont comme il faut" in flat(capsys)
    assert setup("--check", LANG="fr_FR.UTF-8") == 0
    assert "Il ne manque rien" in flat(capsys)
    assert run(["setup"], {"LANG": "fr_FR.UTF-8"}) == 2
    assert "centre d\u2019administration Microsoft Entra" in flat(capsys)
