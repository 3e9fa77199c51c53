"""What was asked once for a tenant, as lines of an inventory and as the report's list of what is not known."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from diag.discovery import Gap, Sender, Senders, Sighting, Source
from diag.health.run import Unasked
from diag.health.scanner import Scanner
from diag.health.tenant import scanners, unasked, unseen
from diag.overview import SETTINGS_NOT_WANTED, IdleAccounts, Overview, Settings, SignInLog
from diag.sentence import say
from tests.evidence_cases import NOW, no_answer

TENANT = "contoso.com"
EMPTY = SignInLog(since=NOW, records={})
IN_USE = IdleAccounts(since=NOW, accounts={})


def seen(minutes: int = 0, **fields: Any) -> Sighting:
    return Sighting(source=Source.SIGN_INS, last_seen=NOW - timedelta(minutes=minutes), **fields)


def device(*sightings: Sighting) -> str:
    (one,) = scanners(Senders(found=(Sender(mailbox="a@contoso.com", sightings=sightings),)), TENANT)
    assert one == Scanner(mailbox="a@contoso.com", tenant=TENANT, device=one.device)
    return one.device


def test_a_mailbox_that_was_found_is_a_line_of_an_inventory_with_what_is_known_of_the_device() -> None:
    used, on = Sighting(source=Source.USAGE, last_seen=date(2026, 11, 21)), Sighting(source=Source.SETTING)
    assert device(seen(app="Scan relay", ip="198.51.100.23"), used, on) == "Scan relay"
    assert device(seen(app="Office 365 Exchange Online", ip="198.51.100.23", basic=True)) == "IP 198.51.100.23"
    assert device(seen(5, app="Scan relay"), seen(1, ip="198.51.100.9", basic=True)) == "IP 198.51.100.9"
    assert device(seen(5, app="Scan relay"), seen(1, basic=True)) == "Scan relay"
    assert device(used, on) == device(seen(basic=True)) == ""


def test_where_nobody_could_look_is_told_in_the_words_of_the_report() -> None:
    why = say("no")
    found = Senders(found=(), gaps=tuple(Gap(source=source, because=why) for source in Source))
    assert [(one.tenant, str(one.what), one.because) for one in unseen(found, TENANT)] == [
        (TENANT, "the sign-in log", why),
        (TENANT, "the e-mail app usage report", why),
        (TENANT, "the settings of the mailboxes", why),
    ]


def test_what_could_not_be_asked_is_told_and_what_nobody_wanted_is_not() -> None:
    nothing, why = no_answer(), say("it has more than {count} pages", count=10)
    questions = {one.name for one in fields(Overview)} - {"client_id"}
    silent = Overview(client_id=None, **dict.fromkeys(questions, nothing))
    assert len(unasked(silent, TENANT)) == len(questions)
    assert {one.because for one in unasked(silent, TENANT)} == {nothing.because}
    assert len({str(one.what) for one in unasked(silent, TENANT)}) == len(questions)
    part = replace(
        silent,
        sign_ins=replace(EMPTY, gaps=(why,)),
        idle=replace(IN_USE, gap=why),
        settings=Settings(organisation=None, mailboxes={}, gap=why),
    )
    assert unasked(part, TENANT)[:3] == (
        Unasked(tenant=TENANT, what=say("the sign-in log"), because=why),
        Unasked(tenant=TENANT, what=say("the accounts that are not in use"), because=why),
        Unasked(tenant=TENANT, what=say("the settings of the mailboxes"), because=why),
    )
    calm = replace(silent, sign_ins=EMPTY, idle=IN_USE, settings=SETTINGS_NOT_WANTED)
    assert len(unasked(calm, TENANT)) == len(questions) - 3
