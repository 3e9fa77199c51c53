import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.sentence import Sentence
from diag.subject import HOSTS, Cloud, InvalidInputError, Subject, address, host_name, printable, tenant_name

MAILBOX = "scanner@contoso.com"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
BAD = {
    "CR and LF": "u@x.example\r\nRCPT TO:<e@x.example>",
    "LF": "u@x.example\n",
    "LF in front": "\nu@x.example",
    "CR": "u@x.example\r",
    "NUL": "u\x00@x.example",
    "the separator of XOAUTH2": "u@x.example\x01auth=Bearer stolen\x01\x01",
    "DEL": "u\x7f@x.example",
    "TAB": "u\t@x.example",
    "ESC": "u\x1b[2J@x.example",
    "a parameter smuggled in": "u@x.example> AUTH=<e@x.example",
    "brackets": "<u@x.example>",
    "a display name": "Scanner <u@x.example>",
    "a display name in quotes": '"Scanner" <u@x.example>',
    "a space in front": " u@x.example",
    "a space behind": "u@x.example ",
    "a space inside": "u v@x.example",
    "a comment": "u(comment)@x.example",
    "a quoted local part": '"u v"@x.example',
    "two addresses": "u@x.example,v@x.example",
    "two at signs": "u@v@x.example",
    "no at sign": "x.example",
    "no local part": "@x.example",
    "no domain": "u@",
    "nothing": "",
    "only a space": " ",
    "a dot in front": ".u@x.example",
    "a dot behind": "u.@x.example",
    "two dots": "u..v@x.example",
    "a domain without dot": "u@localhost",
    "a domain with a dot in front": "u@.x.example",
    "a domain with a dot behind": "u@x.example.",
    "a domain with two dots": "u@x..example",
    "a domain with a hyphen in front": "u@-x.example",
    "a domain with a hyphen behind": "u@x-.example",
    "a domain with an underscore": "u@x_y.example",
    "a literal": "u@[192.0.2.1]",
    "a route": "@a.example:u@x.example",
    "a mailto": "mailto:u@x.example",
    "a non-ASCII local part": "scänner@x.example",
    "a non-ASCII domain": "u@exämple.com",
    "a full-width at sign": "u\uff20x.example",
    "a homograph": "u@c\u043entoso.com",
    "right to left": "u\u202e@x.example",
    "zero width": "u\u200b@x.example",
    "a lone surrogate": "u\ud800@x.example",
    "too long": f"{'u' * 64}@{'d' * 63}.{'e' * 63}.{'f' * 62}",
    "a local part too long": f"{'u' * 65}@x.example",
    "a label too long": f"u@{'d' * 64}.example",
    "an enormous text": "u" * 1_000_000,
    "many dots": "a." * 100_000 + "@x.example",
    "braces": "{shown}",
    "a format": "{0.__class__}@",
}
GOOD = [
    MAILBOX,
    "Scanner.MFP-01@Contoso.onmicrosoft.com",
    "a@b.co",
    "o'brien+scans@contoso.com",
    "!#$%&*/=?^_`{|}~-@x.example",
    "1@1.example",
    "u@xn--exmple-cua.com",
    f"{'u' * 64}@x.example",
    f"u@{'d' * 63}.example",
    f"{'u' * 64}@{'d' * 63}.{'e' * 63}.{'f' * 61}",
]


@pytest.mark.parametrize("why", BAD)
def test_a_bad_address_is_refused_in_words_that_are_safe_to_show(why: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        address(BAD[why])
    assert isinstance(refused.value.sentence, Sentence)
    said = str(refused.value)
    assert said == str(refused.value.sentence)
    assert not CONTROL.search(said)
    assert said.encode("utf-8")
    assert len(said) < 250


@pytest.mark.parametrize("text", GOOD)
def test_a_good_address_passes_unchanged(text: str) -> None:
    assert address(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BAD["CR and LF"], "control character or line break"),
        (BAD["a display name"], "display name or brackets"),
        (BAD["a non-ASCII local part"], "outside ASCII"),
        (BAD["two at signs"], "is not a mail address"),
    ],
)
def test_the_refusal_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        address(text)


@given(st.text())
def test_an_address_is_either_sent_as_it_stands_or_refused(text: str) -> None:
    refused: InvalidInputError | None = None
    try:
        assert address(text) == text
    except InvalidInputError as problem:
        refused = problem
    if refused is not None:
        assert not CONTROL.search(str(refused))
    else:
        assert re.fullmatch(r"[!-~]+@[!-~]+", text)
        assert not set(text) & set('<>()[],;:\\" ')


@pytest.mark.parametrize("field", ["mailbox", "sender", "recipient"])
@pytest.mark.parametrize("why", ["CR and LF", "the separator of XOAUTH2", "a parameter smuggled in", "nothing"])
def test_every_address_of_a_subject_is_held_to_the_same(field: str, why: str) -> None:
    fields = {"mailbox": MAILBOX, "sender": MAILBOX} | {field: BAD[why]}
    with pytest.raises(InvalidInputError):
        Subject(**fields)  # type: ignore[arg-type]


# --- hosts, ports, tenants


@pytest.mark.parametrize(
    "text", ["smtp.office365.com", "smtp.office365.com.", "localhost", "127.0.0.1", "mail-1.example", "a", "9"]
)
def test_a_host_passes_unchanged(text: str) -> None:
    assert host_name(text) == text


BAD_HOSTS = [
    "",
    ".",
    " smtp.office365.com",
    "smtp.office365.com ",
    "smtp..office365.com",
    ".smtp.office365.com",
    "-smtp.example",
    "smtp.office365.com:587",
    "https://smtp.office365.com",
    "user@smtp.office365.com",
    "smtp.office365.com\n",
    "smtp\x00.example",
    "smtp_1.example",
    "smtp.exämple.com",
    "smtp.office365.com/../x",
    f"{'d' * 64}.example",
    "::1",
]


@pytest.mark.parametrize("text", BAD_HOSTS)
def test_what_cannot_be_a_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a host name") as refused:
        Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_host=text)
    assert not CONTROL.search(str(refused.value))


# DNS holds no name of more than 253 characters (RFC 1035, 2.3.4), and libraries raise for one.
def test_a_host_longer_than_any_name_is_refused() -> None:
    longest = ".".join(["d" * 63] * 3 + ["e" * 61])
    assert host_name(longest) == longest
    with pytest.raises(InvalidInputError):
        host_name(f"{longest}.x")


@pytest.mark.parametrize("host", [*(one.smtp for one in HOSTS.values()), "SMTP.Office365.com."])
def test_the_hosts_of_exchange_online_are_known_however_they_are_written(host: str) -> None:
    subject = Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_host=host)
    assert subject.is_exchange
    assert not subject.takes_old_tls


def test_the_hosts_for_old_tls_are_hosts_of_exchange_online_too() -> None:
    known = [one.old_tls for one in HOSTS.values() if one.old_tls]
    assert known == ["smtp-legacy.office365.com", "smtp-legacy.partner.outlook.cn"]
    for host in (*known, "SMTP-LEGACY.office365.com."):
        subject = Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_host=host)
        assert subject.is_exchange
        assert subject.takes_old_tls


@pytest.mark.parametrize("host", ["mail.example.net", "smtp.office365.com.example", "outlook.office365.com"])
def test_other_hosts_are_not_exchange_onlines(host: str) -> None:
    subject = Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_host=host)
    assert not subject.is_exchange
    assert not subject.takes_old_tls


@pytest.mark.parametrize("version", [None, "ssl3", "1.0", "1.1", "1.2", "1.3"])
def test_the_devices_tls_passes_unchanged(version: str | None) -> None:
    assert Subject(mailbox=MAILBOX, sender=MAILBOX, device_tls=version).device_tls == version


@pytest.mark.parametrize("version", ["", "1", "1.4", "TLS 1.2", "SSL3", "1.2\n", "{shown}", "\x1b[2J"])
def test_what_is_no_version_of_tls_is_refused(version: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a version of TLS") as refused:
        Subject(mailbox=MAILBOX, sender=MAILBOX, device_tls=version)
    assert not CONTROL.search(str(refused.value))


@pytest.mark.parametrize("port", [1, 25, 587, 65535])
def test_a_port_passes(port: int) -> None:
    assert Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_port=port).smtp_port == port


@pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InvalidInputError, match=f"{port} is not a port number"):
        Subject(mailbox=MAILBOX, sender=MAILBOX, smtp_port=port)


@pytest.mark.parametrize(
    "text", ["contoso.com", "contoso.onmicrosoft.com", "11111111-2222-4333-8444-55555555555A", "a-b.example"]
)
def test_a_tenant_passes_unchanged(text: str) -> None:
    assert tenant_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "common",
        "contoso",
        "contoso.com/../common",
        "contoso.com?x=1",
        "contoso.com\r\nx",
        "1111-2222",
        "con toso.com",
        "https://x.y",
    ],
)
def test_what_is_no_tenant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="neither a tenant id nor a domain") as refused:
        Subject(mailbox=MAILBOX, sender=MAILBOX, tenant=text)
    assert not CONTROL.search(str(refused.value))


# --- the subject


def test_a_subject_asks_exchange_online_where_nothing_else_is_said() -> None:
    subject = Subject(mailbox=MAILBOX, sender=MAILBOX)
    assert (subject.smtp_host, subject.smtp_port, subject.cloud) == ("smtp.office365.com", 587, Cloud.GLOBAL)
    assert subject.recipient is None


def test_the_domain_of_the_mailbox_stands_for_the_tenant_unless_one_is_given() -> None:
    assert Subject(mailbox=MAILBOX, sender="other@fabrikam.com").realm == "contoso.com"
    assert Subject(mailbox=MAILBOX, sender=MAILBOX, tenant="fabrikam.com").realm == "fabrikam.com"


@pytest.mark.parametrize("cloud", Cloud)
def test_every_cloud_has_hosts_of_its_own(cloud: Cloud) -> None:
    hosts = HOSTS[cloud]
    assert host_name(hosts.smtp) == hosts.smtp
    assert host_name(hosts.sign_in) == hosts.sign_in
    assert hosts.resources
    assert all(resource.startswith("https://") and not resource.endswith("/") for resource in hosts.resources)


# --- what is shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é", "é"),
        ("a\r\nb", r"a\r\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 77 + "..."),
    ],
)
def test_what_is_shown_has_no_control_characters_and_an_end(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(), st.integers(4, 200))
def test_whatever_is_shown_is_printable_and_short(text: str, limit: int) -> None:
    assert printable(text, limit).isprintable()
    assert len(printable(text, limit)) <= limit
