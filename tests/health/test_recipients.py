"""The file of deliveries: what it may say, and that no secret may stand in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.health.delivery import ByGraph, BySmtp, ByUrl, Ping, Wish
from diag.health.recipients import recipients_of
from diag.health.result import Status
from diag.subject import InvalidInputError

CLIENT = "0a1b2c3d-1111-2222-3333-444455556666"
MAIL = f"""
[[deliver]]
to = "email"
via = "graph"
sender = "diag@contoso.com"
recipients = ["ops@contoso.com", "desk@contoso.com"]
client_id = "{CLIENT}"
credential = "env:DIAG_MAIL"
"""
HOOK = "https://contoso.webhook.example/workflows/abc?sig=CaNaRy4SeCrEt"


def refused(text: str) -> str:
    with pytest.raises(InvalidInputError) as raised:
        recipients_of(text.encode(), "deliveries.toml")
    return str(raised.value.sentence)


def test_every_kind_of_recipient_is_read() -> None:
    text = f"""{MAIL}
only_on_change = true
[[deliver]]
to = "email"
via = "smtp"
sender = "diag@contoso.com"
recipients = ["ops@contoso.com", "desk@contoso.com", "ops@contoso.com"]
tenant = "{CLIENT}"
client_id = "{CLIENT}"
credential = "file:/etc/diag/mail.json"
host = "smtp.contoso.com"
port = 2525
[[deliver]]
to = "teams"
url = "keyring:diag/teams channel"
only = ["broken", "will_break", "broken"]
[[deliver]]
to = "slack"
url = "env:SLACK"
[[deliver]]
to = "webhook"
url = 'file:C:\\Users\\diag\\hook.txt'
[[deliver]]
to = "ping"
url = "env:PING"
start = true
fail = true
"""
    mail: dict[str, Any] = {"sender": "diag@contoso.com", "client_id": CLIENT}
    smtp: dict[str, Any] = {
        **mail,
        "tenant": CLIENT,
        "credential": "file:/etc/diag/mail.json",
        "host": "smtp.contoso.com",
    }
    assert recipients_of(text.encode(), "x") == (
        ByGraph(
            to=("ops@contoso.com", "desk@contoso.com"),
            tenant="contoso.com",
            credential="env:DIAG_MAIL",
            wish=Wish(only_on_change=True),
            **mail,
        ),
        BySmtp(to="ops@contoso.com", port=2525, **smtp),
        BySmtp(to="desk@contoso.com", port=2525, **smtp),
        ByUrl(kind="teams", url="keyring:diag/teams channel", wish=Wish(only=(Status.BROKEN, Status.WILL_BREAK))),
        ByUrl(kind="slack", url="env:SLACK"),
        ByUrl(kind="webhook", url="file:C:\\Users\\diag\\hook.txt"),
        Ping(url="env:PING", start=True, fail=True),
    )


def test_one_address_needs_no_list_and_the_server_is_exchange_onlines() -> None:
    (found,) = recipients_of(
        MAIL.replace('["ops@contoso.com", "desk@contoso.com"]', '"ops@contoso.com"').replace("graph", "smtp").encode(),
        "x",
    )
    assert isinstance(found, BySmtp)
    assert (found.to, found.host, found.port) == ("ops@contoso.com", "smtp.office365.com", 587)


def test_an_empty_file_delivers_to_nobody() -> None:
    assert recipients_of(b"# nobody yet\n", "x") == ()


@pytest.mark.parametrize("key", ["url", "credential", "recipients", "sender", "tenant", "host", "client_id"])
def test_an_address_or_secret_that_stands_in_the_file_is_refused_and_not_quoted(key: str) -> None:
    if key == "url":
        text = f'[[deliver]]\nto = "teams"\nurl = "{HOOK}"\n'
    else:
        lines = [line for line in MAIL.replace("graph", "smtp").splitlines() if not line.startswith(f"{key} ")]
        text = "\n".join([*lines, f'{key} = "{HOOK}"'])
    said = refused(text)
    assert f"'deliveries.toml', table 1, {key}: " in said
    assert "CaNaRy" not in said
    assert "webhook.example" not in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('to = "email"', 'to = "fax"'), "table 1, to: it must be one of email, teams, slack, webhook, ping"),
        (('via = "graph"', ""), "table 1, via: it must be one of graph, smtp"),
        (('"diag@contoso.com"', '"Diag <diag@contoso.com>"'), "table 1, sender: "),
        (('"desk@contoso.com"', '"desk@contoso.com\\r\\nBcc: x@y.z"'), "table 1, recipients: "),
        (('["ops@contoso.com", "desk@contoso.com"]', "[]"), "table 1, recipients: it must hold addresses"),
        (('["ops@contoso.com", "desk@contoso.com"]', "[7]"), "table 1, recipients: it must be a text"),
        ((CLIENT, "s3cr3t~CaNaRy"), "table 1, client_id: it must be a client id like"),
        (("env:DIAG_MAIL", "DIAG_MAIL"), "table 1, credential: it must say where the secret stands"),
        (("via = ", "port = 25\nvia = "), "table 1, port: there is no such key here"),
        (("via = ", "only = 7\nvia = "), "table 1, only: it may hold broken, will_break, "),
        (("via = ", 'only = ["bad"]\nvia = '), "table 1, only: it may hold broken, will_break, "),
        (("via = ", "only_on_change = 1\nvia = "), "table 1, only_on_change: it must be true or false"),
        (("via = ", 'tenant = "a b"\nvia = '), "table 1, tenant: "),
        (("[[deliver]]", "[deliver]"), "may hold [[deliver]] tables only"),
        (("[[deliver]]", "x = 1\n[[deliver]]"), "may hold [[deliver]] tables only"),
        (('via = "graph"', 'via = "graph'), "deliveries.toml is not valid TOML (line 4)"),
    ],
)
def test_a_mistake_is_told_by_table_and_key(change: tuple[str, str], told: str) -> None:
    said = refused(MAIL.replace(*change))
    assert told in said
    assert "CaNaRy" not in said


@pytest.mark.parametrize("port", ["0", "65536", '"25"', "true"])
def test_a_port_is_a_number_of_a_port(port: str) -> None:
    assert "table 1, port: " in refused(MAIL.replace("graph", "smtp") + f"port = {port}\n")


def test_the_table_that_is_wrong_is_named() -> None:
    assert "table 2, start: it must be true or false" in refused(
        MAIL + '[[deliver]]\nto = "ping"\nurl = "env:P"\nstart = "yes"\n'
    )


def test_there_are_limits() -> None:
    assert "more than 100" in refused('[[deliver]]\nto = "ping"\nurl = "env:P"\n' * 101)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        recipients_of(text.encode(), "x")
    except InvalidInputError as problem:
        said = str(problem.sentence)
    else:
        said = "read"
    assert said
