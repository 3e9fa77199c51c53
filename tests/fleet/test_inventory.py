"""An inventory in CSV: whatever people's sheets are like, each row is a mailbox, a bad row or a duplicate."""

import csv
import io
import os
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.fleet.inventory import Duplicate, count, read
from diag.health.run import BadRow
from diag.health.scanner import Scanner
from diag.subject import InvalidInputError
from tests.fleet.inventories import Reading, reading, written

CANARY = "Xy7~canary.secret-42"


def read_as(folder: Path, content: str | bytes, name: str = "scanners.csv") -> Reading:
    return reading(written(folder, content, name))


def refusal(folder: Path, content: str | bytes, name: str = "scanners.csv") -> str:
    path = written(folder, content, name)
    with pytest.raises(InvalidInputError) as refused:
        list(read(path))
    assert count(path) is None
    return str(refused.value.sentence)


# --- columns


def test_every_column_arrives_where_it_belongs(tmp_path: Path) -> None:
    content = (
        "mailbox,tenant,site,sender,device,owner,client_id,credential,smtp_host,tls\n"
        "scan@contoso.com,contoso.onmicrosoft.com,Lyon,from@contoso.com,Canon iR,Anna,app-1,env:SCAN,smtp.example,1.0\n"
    )
    assert read_as(tmp_path, content).rows == [
        Scanner(
            mailbox="scan@contoso.com",
            tenant="contoso.onmicrosoft.com",
            site="Lyon",
            sender="from@contoso.com",
            device="Canon iR",
            owner="Anna",
            client_id="app-1",
            credential="env:SCAN",
            smtp_host="smtp.example",
            tls="1.0",
            line=2,
        )
    ]


def test_columns_are_known_in_english_and_french_in_any_order(tmp_path: Path) -> None:
    content = "Responsable,Imprimante,Boîte aux lettres,Locataire,Expéditeur\nAnne,Ricoh,a@b.fr,b.fr,c@b.fr\n"
    assert read_as(tmp_path, content).rows == [
        Scanner(mailbox="a@b.fr", tenant="b.fr", sender="c@b.fr", device="Ricoh", owner="Anne", line=2)
    ]


@pytest.mark.parametrize(
    "name",
    ["mailbox", "MAILBOX", " Mailbox ", "boîte", "BOITE", "Adresse", "e-mail", "E-Mail Address", "Courriel", "UPN"],
)
def test_the_column_of_the_mailbox_has_many_names(tmp_path: Path, name: str) -> None:
    assert read_as(tmp_path, f"site,{name}\nLyon,a@b.fr\n").mailboxes == ["a@b.fr"]


@pytest.mark.parametrize("header", ["Adresse,E-mail", "E-mail,Adresse"])
def test_of_two_columns_that_could_be_the_mailbox_the_surer_one_is_taken(tmp_path: Path, header: str) -> None:
    cells = {"Adresse": "3 rue Foch", "E-mail": "a@b.fr"}
    found = read_as(tmp_path, f"{header}\n{','.join(cells[name] for name in header.split(','))}\n")
    assert found.mailboxes == ["a@b.fr"]
    assert ["'Adresse'" in str(sentence) for sentence in found.told] == [True]


def test_columns_that_are_not_used_are_named_once(tmp_path: Path) -> None:
    found = read_as(tmp_path, "mailbox,serial,floor,\n" + "".join(f"s{n}@b.fr,1,2,\n" for n in range(50)))
    assert [str(sentence).partition("these columns")[2] for sentence in found.told] == [
        " are not used: 'serial', 'floor'."
    ]
    assert len(found.scanners) == 50


def test_without_a_column_of_mailboxes_the_columns_found_are_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, "site,device\nLyon,Canon\n")
    assert "no column 'mailbox'" in said
    assert "'site', 'device'" in said


def test_a_file_without_header_has_one_address_on_each_line(tmp_path: Path) -> None:
    found = read_as(tmp_path, "a@b.fr\n\n  c@d.fr  \nnobody\ne@f.fr,g@h.fr\n")
    assert [(scanner.mailbox, scanner.line) for scanner in found.scanners] == [("a@b.fr", 1), ("c@d.fr", 3)]
    assert list(found.bad) == [4, 5]
    assert "more than one address" in found.bad[5]


def test_the_first_line_of_a_file_without_header_is_read_once_however_it_is_quoted(tmp_path: Path) -> None:
    found = read_as(tmp_path, 'a@b.fr,"x\ny"\nc@d.fr\n')
    assert found.mailboxes == ["c@d.fr"]
    assert list(found.bad) == [1]


# --- how sheets are written


SHEET = [
    ["Boîte", "Site", "Responsable"],
    ["scan1@contoso.fr", "Étage 3; bâtiment A, « Nord »", "Zoé"],
    ["scan2@contoso.fr", "Lyon\r\n2e étage", "Noël"],
]


def sheet(separator: str, end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(SHEET)
    return text.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_sheet_is_read_alike_however_it_was_saved(tmp_path: Path, separator: str, end: str, encoding: str) -> None:
    bom = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    found = read_as(tmp_path, (bom + sheet(separator, end)).encode(encoding))
    assert [(one.mailbox, one.site, one.owner, one.line) for one in found.scanners] == [
        ("scan1@contoso.fr", "Étage 3; bâtiment A, « Nord »", "Zoé", 2),
        ("scan2@contoso.fr", "Lyon 2e étage", "Noël", 3),
    ]
    assert found.bad == {}
    assert ["Windows-1252" in str(sentence) for sentence in found.told] == [True] * (encoding == "cp1252")


def test_what_a_french_excel_saves_as_csv_is_read(tmp_path: Path) -> None:
    content = "sep=;\r\nAdresse e-mail;Locataire;Site;TLS;\r\nscan@contoso.fr;contoso.fr;Évry;1,2;\r\n;;;;\r\n"
    found = read_as(tmp_path, content.encode("cp1252"))
    assert found.rows == [
        Scanner(mailbox="scan@contoso.fr", tenant="contoso.fr", site="Évry", tls="1.2", line=3),
    ]


def test_a_letter_that_is_not_utf_8_far_behind_the_beginning_is_still_found(tmp_path: Path) -> None:
    content = "mailbox,owner\n" + f"#{'-' * 60_000}\n" * 40 + "z@b.fr,Zoé\n"
    assert read_as(tmp_path, content.encode("cp1252")).rows == [Scanner(mailbox="z@b.fr", owner="Zoé", line=42)]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    content = (
        "# exported on Monday\r\n"
        "mailbox,site,owner\r\n"
        "\r\n"
        'a@b.fr,"two\r\nlines","three\n\nlines"\r\n'
        '# a comment, with one " mark\r\n'
        "   \r\n"
        "bad,x\r\n"
        "c@d.fr,  Paris  , \r\n"
    )
    found = read_as(tmp_path, content)
    assert [(one.mailbox, one.line, one.site, one.owner) for one in found.scanners] == [
        ("a@b.fr", 4, "two lines", "three lines"),
        ("c@d.fr", 11, "Paris", ""),
    ]
    assert found.bad == {10: "'bad' is not a mail address like scanner@contoso.com."}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("last", ["", "end"], ids=["without an end", "with an end"])
def test_every_end_of_a_line_is_one(tmp_path: Path, end: str, last: str) -> None:
    content = end.join(["mailbox", "a@b.fr", "c@d.fr"]) + (end if last else "")
    assert [(one.mailbox, one.line) for one in read_as(tmp_path, content).scanners] == [("a@b.fr", 2), ("c@d.fr", 3)]


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "\ufeff", "\0\0\0", "sep=;\n"])
def test_a_file_without_anything_is_refused(tmp_path: Path, content: str) -> None:
    assert "is empty" in refusal(tmp_path, content)


def test_a_header_alone_is_an_inventory_of_nothing(tmp_path: Path) -> None:
    assert read_as(tmp_path, "mailbox\n").rows == []


# --- rows


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("=cmd|' /C calc'!A0,,,,,", "'=cmd|' /C calc'!A0' is not a mail address"),
        ("@SUM(1+1)*cmd,,,,,", "is not a mail address"),
        (",,Lyon,,,", "mailbox is missing"),
        ("a@b.fr,not a tenant,,,,", "neither a tenant id nor a domain"),
        ("a@b.fr,,,Anna <anna@b.fr>,,", "display name"),
        ("a@b.fr,,,,smtp host,", "not a host name"),
        ("a@b.fr,,,,,9.9", "not a version of TLS"),
        ("é@b.fr,,,,,", "outside ASCII"),
        ("a\0@b.fr,,,,,", "control character"),
        ("a@b.fr,,Lyon, 3rd floor,b@b.fr,,1.2", "more cells than the header"),
        ('"a@b.fr,,Lyon,,,', "never closed"),
        ("x" * 70_000 + "@b.fr,,,,,", "longer than 65536 characters"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_rest_runs(tmp_path: Path, row: str, said: str) -> None:
    found = read_as(tmp_path, f"mailbox,tenant,site,sender,smtp_host,tls\nc@d.fr,,,,,\n{row}\ne@f.fr\n")
    assert found.mailboxes == ["c@d.fr", "e@f.fr"]
    assert list(found.bad) == [3]
    assert said in found.bad[3]
    assert found.bad[3].isprintable()


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+33 1 23", "-1", "@SUM(A1)", "=1+1|'x'"])
def test_what_a_spreadsheet_would_run_is_text(tmp_path: Path, cell: str) -> None:
    (found,) = read_as(tmp_path, f"mailbox,site\na@b.fr,{cell}\n").scanners
    assert found.site == cell


def test_an_address_that_looks_like_a_formula_is_an_address(tmp_path: Path) -> None:
    assert read_as(tmp_path, "mailbox\n=scan@b.fr\n+scan@b.fr\n-scan@b.fr\n").bad == {}


@pytest.mark.parametrize("tls", ["1.0", "TLS 1.0", "tlsv1.0", "TLS1_0", "1,0"])
def test_versions_of_tls_are_read_as_devices_write_them(tmp_path: Path, tls: str) -> None:
    (found,) = read_as(tmp_path, f"mailbox;tls\na@b.fr;{tls}\n").scanners
    assert found.tls == "1.0"


def test_free_text_is_fit_to_be_shown(tmp_path: Path) -> None:
    content = f"mailbox,site,owner,device\na@b.fr,\x1b[2J\u202eLyon,{'x' * 900},A\u00a0\u00a0B\n"
    (found,) = read_as(tmp_path, content).scanners
    assert (found.site, len(found.owner), found.device) == (r"\x1b[2J\u202eLyon", 200, "A B")


def test_rows_may_have_fewer_cells_than_the_header_and_blank_ones_more(tmp_path: Path) -> None:
    found = read_as(tmp_path, "mailbox,site,owner\na@b.fr\nc@d.fr,Lyon\ne@f.fr,,,,,\n")
    assert (found.mailboxes, found.bad) == (["a@b.fr", "c@d.fr", "e@f.fr"], {})


def test_a_quotation_mark_that_is_not_closed_swallows_no_mailbox(tmp_path: Path) -> None:
    rows = [f"s{n}@b.fr,Lyon" for n in range(1000)]
    rows[10] = 's10@b.fr,"17 inch'
    found = read_as(tmp_path, "mailbox,device\n" + "\n".join(rows) + "\n")
    assert len(found.mailboxes) == 999
    assert list(found.bad) == [12]


def test_marks_that_close_each_other_over_two_rows_swallow_no_mailbox(tmp_path: Path) -> None:
    found = read_as(tmp_path, 'mailbox,device\na@b.fr,"17 inch\nc@d.fr,"19 inch\ne@f.fr,x\n')
    assert found.mailboxes == ["e@f.fr"]
    assert list(found.bad) == [2, 3]


def test_a_mark_within_a_text_is_part_of_it(tmp_path: Path) -> None:
    found = read_as(tmp_path, 'mailbox,device\na@b.fr,MFP 17" tray\nc@d.fr,"a ""b"" c"\n')
    assert [one.device for one in found.scanners] == ['MFP 17" tray', 'a "b" c']


# --- duplicates


def test_a_mailbox_that_stands_there_twice_runs_once(tmp_path: Path) -> None:
    found = read_as(tmp_path, "mailbox\nScan@b.fr\nc@d.fr\nSCAN@B.FR\n scan@b.fr\n")
    assert found.mailboxes == ["Scan@b.fr", "c@d.fr"]
    assert found.duplicates == [
        Duplicate(line=4, mailbox="SCAN@B.FR", first_line=2),
        Duplicate(line=5, mailbox="scan@b.fr", first_line=2),
    ]


def test_a_bad_row_does_not_keep_the_good_one_behind_it_from_running(tmp_path: Path) -> None:
    found = read_as(tmp_path, "mailbox,tls\na@b.fr,none\na@b.fr,1.2\n")
    assert (list(found.bad), found.mailboxes, found.duplicates) == ([2], ["a@b.fr"], [])


# --- secrets


@pytest.mark.parametrize(
    "name",
    [
        *("password", "Passwords", "SMTP Password", "Mot de passe", "motdepasse", "mot_de_passe_smtp", "MDP", "pwd"),
        *("secret", "client_secret", "ClientSecret", "clientsecret", "token", "AccessToken", "refresh token", "jeton"),
    ],
)
def test_a_column_of_secrets_makes_the_whole_file_refused_and_shows_none(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, f"mailbox,{name}\na@b.fr,{CANARY}\n")
    assert "holds secrets" in said
    assert f"'{name}'" in said
    assert CANARY not in said


@pytest.mark.parametrize("name", ["Secrétariat", "secretary", "passage", "Tokenring"])
def test_a_word_that_only_begins_like_one_is_no_column_of_secrets(tmp_path: Path, name: str) -> None:
    assert read_as(tmp_path, f"mailbox,{name}\na@b.fr,x\n").mailboxes == ["a@b.fr"]


@pytest.mark.parametrize(
    "cell", [CANARY, f"env:{CANARY}", f"secret:{CANARY}", "env:", "keyring:diag", "file:", CANARY[:4]]
)
def test_a_credential_that_is_no_reference_is_not_quoted(tmp_path: Path, cell: str) -> None:
    found = read_as(tmp_path, f"mailbox,credential\na@b.fr,{cell}\nc@d.fr,env:SCAN\n")
    assert found.mailboxes == ["c@d.fr"]
    assert "does not say where a secret stands" in found.bad[2]
    assert cell not in found.bad[2].replace("env:NAME, file:PATH or keyring:SERVICE/NAME", "")


@pytest.mark.parametrize(
    "reference", ["env:SCAN_1", "file:secrets/scan.txt", "file:C:\\s\\x.pem", "keyring:diag/a@b.fr"]
)
def test_a_reference_is_kept_as_it_is(tmp_path: Path, reference: str) -> None:
    (found,) = read_as(tmp_path, f"mailbox,credential\na@b.fr,{reference}\n").scanners
    assert found.credential == reference


@pytest.mark.parametrize("column", ["mailbox", "tenant", "smtp_host", "sender", "tls"])
def test_what_looks_like_a_secret_in_the_wrong_column_is_not_quoted(tmp_path: Path, column: str) -> None:
    token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
    other = "" if column == "mailbox" else "mailbox,"
    found = read_as(tmp_path, f"site,{other}{column}\nLyon,{'a@b.fr,' if other else ''}{token}\n")
    assert "looks like a secret" in found.bad[2]
    assert token[:20] not in found.bad[2]


# --- what is no sheet


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_is_called_one(tmp_path: Path, start: bytes) -> None:
    assert "Excel workbook" in refusal(tmp_path, start + b"\0" * 100, "scanners.xlsx")


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    cases = {"none.csv": "no such file", "": "cannot be read", "a\0b": "a\\x00b", "x" * 5000: "name is too long"}
    for name, said in cases.items():
        with pytest.raises(InvalidInputError, match="cannot be read") as refused:
            list(read(tmp_path / name))
        assert said in str(refused.value.sentence)
        assert count(tmp_path / name) is None


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_pipe_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InvalidInputError, match="is not a file"):
        list(read(tmp_path / "pipe.csv"))


def test_a_header_that_is_too_long_or_open_is_said(tmp_path: Path) -> None:
    assert "longer than" in refusal(tmp_path, "x" * 100_000)
    assert "never closed" in refusal(tmp_path, '"mailbox\na@b.fr\n')


# --- any bytes


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                b"a@b.fr",
                b'"a@b.fr","x',
                b'y"',
                b"",
                b"# no",
                b",,",
                b"c@d.fr,Lyon",
                b"\0",
                b'"',
                b"A@B.FR,x,y",
                b"\xe9@b.fr",
            ]
        ),
    ),
    max_size=12,
)


def accounted(path: Path) -> None:
    """Read a file: only our own refusal may be raised, and each row comes out as something."""
    rows: list[object] = []
    refused = ""
    try:
        rows.extend(read(path))
    except InvalidInputError as problem:
        refused = str(problem.sentence)
    assert refused.isprintable()
    assert count(path) == (None if refused else len(rows))
    for row in rows:
        match row:
            case BadRow(because=because):
                assert str(because).isprintable()
            case Scanner() | Duplicate():
                assert "@" in row.mailbox
            case _:
                pytest.fail("neither")


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    accounted(written(folder, content, "any.csv"))
    accounted(written(folder, content, "any"))


@settings(deadline=None)
@given(
    st.sampled_from([b"mailbox", b"mailbox;site", b"\xff\xfem\0a\0i\0l\0"]), LINES, st.sampled_from([b"\n", b"\r\n"])
)
def test_any_rows_are_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, header: bytes, lines: list[bytes], end: bytes
) -> None:
    accounted(written(tmp_path_factory.mktemp("any"), end.join([header, *lines]), "any.csv"))


PLAIN = st.lists(st.sampled_from(["good", "again", "bad", "blank", "comment", "open", "wide"]), max_size=40)


@settings(deadline=None)
@given(PLAIN)
def test_every_row_comes_out_as_what_it_is(tmp_path_factory: pytest.TempPathFactory, kinds: list[str]) -> None:
    texts = {
        "again": "same@b.fr,x",
        "bad": "nobody,x",
        "blank": " , ",
        "comment": "# x@b.fr",
        "open": 'open@b.fr,"x',
        "wide": "w@b.fr,x,y",
    }
    # A mark that a later line seems to close would be a longer row: none follows here.
    kinds = [kind for at, kind in enumerate(kinds) if kind != "open" or "open" not in kinds[:at]]
    lines = [texts.get(kind, f"s{at}@b.fr,x") for at, kind in enumerate(kinds)]
    found = reading(written(tmp_path_factory.mktemp("rows"), "\n".join(["mailbox,site", *lines]), "rows.csv"))
    again = kinds.count("again")
    assert len(found.scanners) == kinds.count("good") + min(again, 1)
    assert len(found.duplicates) == max(again - 1, 0)
    assert sorted(found.bad) == [at + 2 for at, kind in enumerate(kinds) if kind in {"bad", "open", "wide"}]


# --- many


def peak(path: Path, wanted: int) -> int:
    """The most memory, in bytes, that reading a file took, none of its rows kept."""

    def each() -> Iterator[Scanner | BadRow | Duplicate]:
        yield from read(path)

    tracemalloc.start()
    try:
        found = sum(isinstance(row, Scanner) for row in each())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert found == wanted


@pytest.mark.timeout(180)
def test_a_hundred_thousand_rows_take_little_more_memory_than_a_thousand(tmp_path: Path) -> None:
    peaks = {}
    for many in (1_000, 100_000):
        path = tmp_path / f"{many}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"scanner{n}@site{n % 97}.example\n" for n in range(many))
        peaks[many] = peak(path, many)
        assert count(path) == many
    # 16 bytes for each mailbox in a table that is doubled, the half that it grew out of beside it.
    assert peaks[100_000] - peaks[1_000] < 4 * 1024 * 1024


def test_one_endless_line_is_not_held(tmp_path: Path) -> None:
    path = written(tmp_path, b"mailbox\n" + b"x" * 30_000_000 + b"\na@b.fr\n")
    assert peak(path, 1) < 6 * 1024 * 1024
