"""Scenarios with as many scanner mailboxes as a test wants, each kind in the share that it wants."""

from collections.abc import Mapping

from diag.lab import Scenario
from diag.lab.loader import read_scenario

KINDS: Mapping[str, str] = {
    "healthy": "",
    "off": 'authenticated_smtp = "off"\nexpect = { status = "broken", cause = "smtp_auth_disabled_mailbox" }\n',
    "follows": 'authenticated_smtp = "unset"\nexpect = { status = "broken", cause = "smtp_auth_disabled_tenant" }\n',
    "unlicensed": 'plan = ""\nexpect = { status = "broken", cause = "mailbox_not_licensed" }\n',
    "other-sender": 'sender = "office@contoso.com"\nexpect = { status = "broken", cause = "sender_mismatch" }\n',
    "throttled": "throttled_first = 1\n",
    "idle": "last_sign_in_days = 70\n",
    "used": "last_sign_in_days = 1\n",
    "intercepted": 'host = "smtp-lyon.contoso.com"\nsite = "Lyon"\n'
    'expect = { status = "broken", cause = "tls_intercepted" }\n',
    "refused": 'host = "smtp-nantes.contoso.com"\nsite = "Nantes"\n'
    'expect = { status = "broken", cause = "connection_refused" }\n',
}
USUAL: Mapping[str, float] = {
    "healthy": 0.90,
    "off": 0.03,
    "follows": 0.01,
    "unlicensed": 0.01,
    "other-sender": 0.01,
    "throttled": 0.01,
    "intercepted": 0.02,
    "refused": 0.01,
}
_BEGINNING = """title.en = "A crowd"
title.fr = "Une foule"
story.en = "Many scanners, and some of them do not send."
story.fr = "Beaucoup de scanners, dont certains n'envoient pas."
[run]
mailbox = "healthy-00001@contoso.com"
auth = "app"
[tenant]
authenticated_smtp = "off"
[[hosts]]
name = "smtp-lyon.contoso.com"
certificate.issuer = "CN=FortiGate CA,OU=Certificate Authority,O=Fortinet,L=Sunnyvale,ST=California,C=US"
[[hosts]]
name = "smtp-nantes.contoso.com"
network.port = "refused"
"""


def crowd_text(count: int, mix: Mapping[str, float] = USUAL, more: str = "") -> str:
    """Return the scenario file, for a lab in another process; what the shares leave over is healthy.

    `more` is further TOML: tables of its own. The mailboxes are called after their kind, like off-00007@contoso.com.
    """
    numbers = {kind: round(count * share) for kind, share in mix.items() if kind != "healthy"}
    numbers = {"healthy": count - sum(numbers.values())} | numbers
    fleets = (
        f'[[fleet]]\ncount = {number}\nnamed = "{kind}-{{number:05}}@contoso.com"\n{KINDS[kind]}'
        for kind, number in numbers.items()
        if number
    )
    return _BEGINNING + more + "".join(fleets)


def crowd(count: int, mix: Mapping[str, float] = USUAL, more: str = "") -> Scenario:
    """Return the same as a scenario."""
    return read_scenario(crowd_text(count, mix, more), "crowd.toml", "crowd")
