"""An inventory in TOML: mailboxes, tenants, and the sheets it includes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.fleet.inventory import Duplicate, count, read
from diag.fleet.tables import MOST_BYTES
from diag.fleet.tenancy import Tenancy, tenancies
from diag.health.scanner import Scanner
from diag.subject import Cloud, InvalidInputError
from tests.fleet.inventories import reading, written

CANARY = "Xy7~canary.secret-42"
TENANT = '[[tenant]]\nname = "contoso.com"\n'


def refusal(folder: Path, content: str) -> str:
    path = written(folder, content, "scanners.toml")
    with pytest.raises(InvalidInputError) as refused:
        list(read(path))
    assert count(path) is None
    return str(refused.value.sentence)


def tenant_refusal(folder: Path, content: str) -> str:
    with pytest.raises(InvalidInputError) as refused:
        tenancies(written(folder, content, "scanners.toml"))
    return str(refused.value.sentence)


# --- mailboxes


def test_a_mailbox_says_what_a_row_says(tmp_path: Path) -> None:
    content = """
# a comment
[[mailbox]]
mailbox = "scan@contoso.com"
site = "Lyon"
tls = 1.0

[[ mailbox ]]  # the second
mailbox = "other@contoso.com"
credential = "keyring:diag/other"
"""
    assert reading(written(tmp_path, content, "scanners.toml")).rows == [
        Scanner(mailbox="scan@contoso.com", site="Lyon", tls="1.0", line=3),
        Scanner(mailbox="other@contoso.com", credential="keyring:diag/other", line=8),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('mailbox = "nobody"', "not a mail address"),
        ('site = "Lyon"', "mailbox is missing"),
        ('mailbox = "a@b.fr"\nsite = 3', "'site' must be a text in quotes"),
        (f'mailbox = "a@b.fr"\ncredential = "{CANARY}"', "does not say where a secret stands"),
        ('mailbox = "a@b.fr"\ntls = nan', "not a version of TLS"),
    ],
)
def test_a_bad_mailbox_is_named_with_its_line_and_the_rest_runs(tmp_path: Path, text: str, said: str) -> None:
    found = reading(written(tmp_path, f'[[mailbox]]\n{text}\n[[mailbox]]\nmailbox = "c@d.fr"\n', "x.toml"))
    assert found.mailboxes == ["c@d.fr"]
    assert said in found.bad[1]
    assert CANARY not in found.bad[1]


def test_lines_that_only_look_like_the_head_of_a_table_give_no_wrong_numbers(tmp_path: Path) -> None:
    content = "[[mailbox]]\nmailbox = 'a@b.fr'\nsite = '''\n[[mailbox]]\n'''\n"
    assert reading(written(tmp_path, content, "x.toml")).rows == [Scanner(mailbox="a@b.fr", site="[[mailbox]]")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[[mailbox]]\nadress = "a@b.fr"', "there is no key 'adress' in [[mailbox]]. Did you mean 'mailbox'?"),
        ('[[mailbox]]\nsendr = "a@b.fr"', "there is no key 'sendr' in [[mailbox]]. Did you mean 'sender'?"),
        ('[[mailbox]]\nclient-id = "a"', "there is no key 'client-id' in [[mailbox]]. Did you mean 'client_id'?"),
        ('[[tenant]]\nxyz = "a"', "there is no key 'xyz' in [[tenant]]. Those that there are: name, client_id"),
        ('[[mailboxes]]\nmailbox = "a@b.fr"', "no key 'mailboxes' in the file itself. Did you mean 'mailbox'?"),
        ('[mailbox]\nmailbox = "a@b.fr"', "write [[mailbox]] above each mailbox"),
        ('mailbox = "a@b.fr"', "write [[mailbox]] above each mailbox"),
        ("tenant = [1]", "write [[tenant]] above each tenant"),
        ("include = 3", "'include' must be a list of file names"),
        ("include = [[]]", "'include' must be a list of file names"),
        ("x = [", "is not valid TOML (line 1)"),
        ("a = " + "[" * 5000, "is not valid TOML"),
        ("\na = " + "9" * 5000, "is not valid TOML (a number is too long)"),
        (f"a = '{CANARY}'\nb = {CANARY}", "is not valid TOML (line 2)"),
    ],
)
def test_what_nobody_would_read_is_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    found = refusal(tmp_path, content)
    assert said in found
    assert "scanners.toml" in found
    assert CANARY not in found


def test_bytes_that_are_no_utf_8_are_no_toml(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"not valid TOML \(UTF-8\)"):
        list(read(written(tmp_path, b"# \xe9\n", "x.toml")))


def test_a_file_too_large_for_toml_is_not_read_whole(tmp_path: Path) -> None:
    path = written(tmp_path, "", "x.toml")
    with path.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidInputError, match="too large for TOML"):
        list(read(path))


@pytest.mark.parametrize("table", ["mailbox", "tenant"])
@pytest.mark.parametrize("key", ["password", "client_secret", "admin_client_secret", "token", "mot_de_passe"])
def test_a_key_of_secrets_makes_the_whole_file_refused_and_shows_none(tmp_path: Path, table: str, key: str) -> None:
    said = refusal(tmp_path, f'[[{table}]]\n{key} = "{CANARY}"\n')
    assert f"holds secrets ('{key}')" in said
    assert CANARY not in said


# --- which kind a file is


@pytest.mark.parametrize("name", ["scanners.toml", "scanners.TOML", "scanners", "scanners.conf"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n# a comment\n\n"])
def test_toml_is_known_by_its_name_or_by_how_it_begins(tmp_path: Path, name: str, start: str) -> None:
    path = written(tmp_path, start + '[[mailbox]]\nmailbox = "a@b.fr"\n', name)
    assert reading(path).mailboxes == ["a@b.fr"]
    assert count(path) == 1


@pytest.mark.parametrize("name", ["scanners.csv", "scanners.txt", "scanners", "scanners.export"])
def test_everything_else_is_a_sheet(tmp_path: Path, name: str) -> None:
    assert reading(written(tmp_path, "sep=,\nmailbox,site\na@b.fr,x\n", name)).mailboxes == ["a@b.fr"]


# --- included sheets


def test_an_included_sheet_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    written(tmp_path, "mailbox\nA@b.fr\nc@d.fr\nnobody\n", "sites/lyon.csv")
    written(tmp_path, "mailbox,floor\nc@d.fr,2\n", "paris.csv")
    content = 'include = ["sites/lyon.csv", "paris.csv"]\n[[mailbox]]\nmailbox = "a@b.fr"\n'
    path = written(tmp_path, content, "all.toml")
    found = reading(path)
    assert found.rows[0] == Scanner(mailbox="a@b.fr", line=2)
    assert found.mailboxes == ["a@b.fr", "c@d.fr"]
    assert found.duplicates == [
        Duplicate(line=2, mailbox="A@b.fr", first_line=2, file="sites/lyon.csv", first_file=""),
        Duplicate(line=2, mailbox="c@d.fr", first_line=3, file="paris.csv", first_file="sites/lyon.csv"),
    ]
    assert found.bad == {4: "sites/lyon.csv: 'nobody' is not a mail address like scanner@contoso.com."}
    assert ["'floor'" in str(sentence) for sentence in found.told] == [True]
    assert count(path) == len(found.rows) == 5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "no such file"),
        ("a\\u0000b", None, "cannot be read"),
        (".", None, "cannot be read"),
        ("x.csv", "site\nLyon\n", "no column 'mailbox'"),
        ("x.csv", f"mailbox,password\na@b.fr,{CANARY}\n", "holds secrets"),
        ("x.toml", "", "an inventory includes CSV files only"),
        ("self.toml", None, "an inventory includes CSV files only"),
    ],
)
def test_an_included_file_that_cannot_be_used_is_said_before_the_first_row(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        written(tmp_path, content, name)
    path = written(tmp_path, f'include = ["{name}"]\n[[mailbox]]\nmailbox = "a@b.fr"\n', "self.toml")
    with pytest.raises(InvalidInputError, match=said):
        next(read(path))


# --- tenants


def test_a_tenant_says_how_to_sign_in_to_it(tmp_path: Path) -> None:
    content = """
include = "not-needed.csv"

[[tenant]]
name = "Contoso.onmicrosoft.com"
client_id = "app-1"
credential = "file:contoso.pem"
admin_client_id = "app-2"
admin_credential = "env:CONTOSO_ADMIN"
authority = "https://login.example/contoso"
smtp_host = "smtp.example"
cloud = "gcc-high"
settings = "exchange"

[[tenant]]
name = "11111111-2222-4333-8444-55555555555A"
"""
    first, second = tenancies(written(tmp_path, content, "scanners.toml"))
    assert first == Tenancy(
        name="Contoso.onmicrosoft.com",
        client_id="app-1",
        credential="file:contoso.pem",
        admin_client_id="app-2",
        admin_credential="env:CONTOSO_ADMIN",
        authority="https://login.example/contoso",
        smtp_host="smtp.example",
        cloud=Cloud.GCC_HIGH,
        settings="exchange",
    )
    assert first.realm == Scanner(mailbox="a@b.fr", tenant="CONTOSO.onmicrosoft.com").realm
    assert second == Tenancy(name="11111111-2222-4333-8444-55555555555A")


def test_settings_are_read_from_nowhere_unless_that_is_said_since_a_snapshot_has_a_quota(tmp_path: Path) -> None:
    (found,) = tenancies(written(tmp_path, TENANT + 'admin_client_id = "app-2"', "x.toml"))
    assert found.settings == "none"


@pytest.mark.parametrize("content", ["mailbox\na@b.fr\n", "a@b.fr\n", ""])
def test_a_sheet_has_no_tenants(tmp_path: Path, content: str) -> None:
    assert tenancies(written(tmp_path, content)) == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[[tenant]]\nclient_id = "a"', "[[tenant]] number 1: It has no 'name'"),
        ('[[tenant]]\nname = "not a tenant"', "neither a tenant id nor a domain"),
        (f'{TENANT}[[tenant]]\nname = "CONTOSO.com"', "[[tenant]] number 2: 'CONTOSO.com' stands there twice"),
        (f"{TENANT}client_id = 5", "'client_id' in [[tenant]] number 1 must be a text in quotes"),
        (f'{TENANT}client_id = " "', "'client_id' in [[tenant]] number 1 must be a text in quotes"),
        (f'{TENANT}client_id = "a\\u0000"', "is not a client id"),
        (f'{TENANT}credential = "{CANARY}"', "'credential' does not say where a secret stands"),
        (f'{TENANT}admin_client_id = "a"\nadmin_credential = "{CANARY}"', "'admin_credential' does not say"),
        (f'{TENANT}admin_credential = "env:X"', "need 'admin_client_id'"),
        (f'{TENANT}settings = "graph"', "need 'admin_client_id'"),
        (f'{TENANT}settings = "powershell"', "'settings' is one of graph, exchange, none, not 'powershell'"),
        (f'{TENANT}cloud = "mars"', "'cloud' is one of global, gcc-high, dod, china, not 'mars'"),
        (f'{TENANT}smtp_host = "a b"', "not a host name"),
        (f'{TENANT}authority = "http://login.example/x"', "'authority' is not an https:// address"),
        (f'{TENANT}authority = "https://me:{CANARY}@login.example/x"', "'authority' is not an https:// address"),
        (f'{TENANT}client_id = "App"\nadmin_client_id = "app"', "there are two applications"),
    ],
)
def test_a_tenant_that_cannot_be_used_is_refused_with_its_number(tmp_path: Path, content: str, said: str) -> None:
    found = tenant_refusal(tmp_path, content)
    assert said in found
    assert "scanners.toml" in found
    assert CANARY not in found


# --- any text

WORDS = st.sampled_from(
    [
        *("[[mailbox]]\n", "[[tenant]]\n", "[mailbox]\n", "include = ['x.csv']\n", "mailbox = 'a@b.fr'\n"),
        *("name = 'b.fr'\n", "tls = 1.2\n", "site = 1979-05-27\n", "client_id = ['a']\n", '"""', "\r\n", "# x\n", "\0"),
    ]
)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=8).map(lambda words: "".join(words).encode())))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("any"), content, "any.toml")
    refused = ""
    rows: list[object] = []
    try:
        rows.extend(read(path))
        tenancies(path)
    except InvalidInputError as problem:
        refused = str(problem.sentence)
    assert refused.isprintable()
    assert refused or count(path) == len(rows)
