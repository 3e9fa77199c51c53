from pathlib import Path

import pytest

from diag.cli.given import secret_of
from diag.cli.options import OPTIONS, options
from diag.cli.settings import settings
from diag.subject import InvalidInputError


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder."""
    folder = tmp_path / "configuration"
    folder.mkdir()
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: folder)
    return folder


def _write(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def test_the_command_line_goes_before_the_environment_before_the_file(configuration: Path) -> None:
    _write(configuration / "diag.toml", '[scan-to-email]\ntenant = "file"\nscope = "file"\nauthority = "file"\n')
    environment = {"DIAG_TENANT": "environment", "DIAG_SCOPE": "environment"}
    found = settings({"tenant": "line"}, environment, OPTIONS)
    assert [found.text(name) for name in ("tenant", "scope", "authority", "lab")] == [
        "line",
        "environment",
        "file",
        None,
    ]


@pytest.mark.usefixtures("configuration")
def test_every_option_can_be_set_in_the_environment() -> None:
    for known in options(without=("config",)):
        if known.typed:
            assert settings({}, {known.variable: "x"}, OPTIONS).text(known.name) is None
            continue
        assert settings({}, {known.variable: "x"}, OPTIONS).text(known.name) == "x"


@pytest.mark.usefixtures("configuration")
def test_an_empty_variable_says_nothing() -> None:
    assert settings({}, {"DIAG_TENANT": ""}, OPTIONS).text("tenant") is None


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_file_that_is_named_takes_the_place_of_the_usual_one(how: str, configuration: Path, tmp_path: Path) -> None:
    _write(configuration / "diag.toml", '[scan-to-email]\ntenant = "usual"\n')
    named = str(_write(tmp_path / "other.toml", "\ufeff[scan-to-email]\nsmtp-port = 2525\nverbose = true\n"))
    found = settings(
        {"config": named} if how == "option" else {}, {"DIAG_CONFIG": named} if how == "variable" else {}, OPTIONS
    )
    assert (found.text("tenant"), found.port(), found.verbose) == (None, 2525, True)


@pytest.mark.usefixtures("configuration")
def test_the_current_folder_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path / "diag.toml", '[scan-to-email]\nauthority = "https://evil.example"\n')
    monkeypatch.chdir(tmp_path)
    assert settings({}, {}, OPTIONS).text("authority") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scan-to-email\n", "not valid TOML (line 1)"),
        ("[scan-to-email]\ntenat = 'x'\n", "unknown key: 'tenat'"),
        ("[scan-to-email]\nconfig = 'x'\n", "unknown key: 'config'"),
        ("[weekly]\nx = 1\n", "only hold the tables [scan-to-email], [explain], [admin], [health]"),
        ("tenant = 'x'\n", "only hold the tables [scan-to-email], [explain], [admin], [health]"),
        ("scan-to-email = 1\n", "only hold the tables [scan-to-email], [explain], [admin], [health]"),
        ("[scan-to-email]\ntoken = 'hunter2'\n", "holds a secret ('token')"),
        ("[scan-to-email]\nclient_secret = 'hunter2'\n", "holds a secret ('client_secret')"),
        ("[scan-to-email]\nscope = 'eyJ0eXAiOiJKV1QiLCJhbGci'\n", "holds a secret ('scope')"),
        ("[scan-to-email]\nverbose = 'yes'\n", "not of the right type"),
        ("[scan-to-email]\ntenant = true\n", "not of the right type"),
        ("[scan-to-email]\nto = ['a@b.example']\n", "not of the right type"),
        ("[scan-to-email]\nx = hunter2 hunter2\n", "not valid TOML (line 2)"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, said: str, configuration: Path) -> None:
    _write(configuration / "diag.toml", text)
    with pytest.raises(InvalidInputError) as refused:
        settings({}, {}, OPTIONS)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        settings({"config": str(tmp_path / "none.toml")}, {}, OPTIONS)


def test_a_bad_value_is_blamed_on_where_it_stands(configuration: Path) -> None:
    _write(configuration / "diag.toml", '[scan-to-email]\nformat = "html"\n')
    with pytest.raises(InvalidInputError, match=r"'format' \(.*diag.toml\) takes one of"):
        settings({}, {}, OPTIONS).form()
    with pytest.raises(InvalidInputError, match="DIAG_TIMEOUT takes seconds"):
        settings({}, {"DIAG_TIMEOUT": "soon"}, OPTIONS).seconds(60)
    with pytest.raises(InvalidInputError, match="DIAG_VERBOSE takes one of 1, 0, not 'maybe'"):
        _ = settings({}, {"DIAG_VERBOSE": "maybe"}, OPTIONS).verbose


@pytest.mark.usefixtures("configuration")
@pytest.mark.parametrize(("written", "meant"), [("1", True), ("TRUE", True), ("0", False), ("no", False)])
def test_a_flag_in_the_environment_is_on_or_off(written: str, meant: bool) -> None:
    assert settings({}, {"DIAG_VERBOSE": written}, OPTIONS).verbose is meant


@pytest.mark.usefixtures("configuration")
def test_only_whitespace_around_a_token_is_removed(tmp_path: Path) -> None:
    file = _write(tmp_path / "token", "\n  ab c==\r\n")
    found = secret_of("token", settings({"token-file": str(file)}, {}, OPTIONS), {})
    assert found is not None
    assert found.reveal() == "ab c=="


@pytest.mark.usefixtures("configuration")
def test_a_token_file_on_the_line_goes_before_the_variable_before_a_file_elsewhere(tmp_path: Path) -> None:
    file = str(_write(tmp_path / "token", "from-file"))
    environment = {"DIAG_TOKEN": "from-variable"}
    for given, env, expected in (
        ({"token-file": file}, environment, "from-file"),
        ({}, environment | {"DIAG_TOKEN_FILE": file}, "from-variable"),
        ({}, {"DIAG_TOKEN_FILE": file}, "from-file"),
        ({}, {}, None),
    ):
        found = secret_of("token", settings(given, env, OPTIONS), env)
        assert (found.reveal() if found else None) == expected


def test_what_the_administrators_table_says_holds_for_every_command_and_gives_way_to_its_own(
    configuration: Path,
) -> None:
    _write(
        configuration / "diag.toml",
        '[admin]\nadmin-client-id = "ours"\ntenant = "contoso.com"\n[scan-to-email]\ntenant = "other.example"\n',
    )
    both = settings({}, {}, OPTIONS, tables=("admin", "scan-to-email"))
    assert (both.text("admin-client-id"), both.text("tenant")) == ("ours", "other.example")
    admin = settings({}, {}, options(of="admin"), tables=("admin",))
    assert (admin.text("admin-client-id"), admin.text("tenant")) == ("ours", "contoso.com")


@pytest.mark.parametrize("key", ["yes", "fix", "anyway", "ticket", "keep"])
def test_what_confirms_a_change_is_typed_and_never_configured(key: str, configuration: Path) -> None:
    _write(configuration / "diag.toml", f"[admin]\n{key} = true\n")
    with pytest.raises(InvalidInputError) as refused:
        settings({}, {}, OPTIONS, tables=("admin",))
    assert "unknown key" in str(refused.value)
