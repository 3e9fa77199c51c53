"""Many scanner mailboxes: made of a few lines of a scenario, listed as an inventory, and the truth about each."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from diag.health.result import Status
from diag.lab.scenario import Fleet, Mailbox, Scenario
from diag.lab.scenario_directory import SignInRecord
from diag.lab.scenario_mailboxes import Kind

MOST = 100_000  # mailboxes of one scenario
_NUMBER = re.compile(r"\{number(?::0([1-9]))?\}")
_OWN_TEXTS = ("sign_in_name", "device", "owner", "sender")
_OWN_LISTS = ("send_as", "aliases")
_COLUMNS = ("mailbox", "tenant", "site", "sender", "device", "owner", "smtp_host", "tls")
_DAY = 24 * 60  # minutes
_BASIC_DAYS = 3  # on how many days the log shows a device that uses its password
_BASIC = "Authenticated SMTP"  # the client in Entra's sign-in log, where a password was used over SMTP


def numbered(text: str, number: int) -> str:
    """Put a number where `text` has `{number}`, or `{number:04}` for four digits at least."""
    return _NUMBER.sub(lambda found: f"{number:0{found[1] or 1}}", text)


def mailboxes_of(fleet: Fleet) -> Iterator[Mailbox]:
    """Yield the mailboxes of one kind."""
    shared = {field.name: getattr(fleet, field.name) for field in fields(Kind)}
    for number in range(fleet.first, fleet.first + fleet.count):
        own = {name: numbered(shared[name], number) for name in _OWN_TEXTS}
        lists = {name: tuple(numbered(one, number) for one in shared[name]) for name in _OWN_LISTS}
        address = numbered(fleet.named, number)
        yield Mailbox(**{**shared, **own, **lists, "address": address, "expect": fleet.expect})


def expanded(scenario: Scenario) -> Scenario:
    """Turn the fleet of a scenario into mailboxes."""
    made = (box for fleet in scenario.fleet for box in mailboxes_of(fleet))
    return replace(scenario, mailboxes=(*scenario.mailboxes, *made), fleet=())


def logged(scenario: Scenario) -> Scenario:
    """Put into the sign-in log what the mailboxes say of it; what stands there already is not put there again."""
    known = frozenset(scenario.sign_ins)
    made = (row for number, box in enumerate(scenario.mailboxes) for row in _sign_ins(box, number))
    return replace(scenario, sign_ins=(*scenario.sign_ins, *(row for row in made if row not in known)))


def _sign_ins(box: Mailbox, number: int) -> Iterator[SignInRecord]:
    """Yield a device's sign-ins: spread over the hour, so that not all devices sign in at the same moment."""
    ago = (box.last_sign_in_days or 0) * _DAY + 1 + number % 60
    ip = f"198.51.100.{number % 250 + 1}"
    if box.basic:
        for day in range(_BASIC_DAYS):
            yield SignInRecord(minutes_ago=ago + day * _DAY, account=box.upn, client=_BASIC, ip=ip)
    elif box.last_sign_in_days is not None:
        yield SignInRecord(minutes_ago=ago, account=box.upn, event="nonInteractiveUser", ip=ip)


def scanners(scenario: Scenario) -> tuple[Mailbox, ...]:
    """Return the mailboxes of scanners: those of which the truth is told, else the one that the scenario is about."""
    found = tuple(box for box in scenario.mailboxes if box.expect is not None)
    if found:
        return found
    run = scenario.run
    return (Mailbox(address=run.mailbox, sender=run.sender or ""),)


def inventory_of(scenario: Scenario) -> str:
    """Return the inventory of a scenario's scanners, as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    tenant, main = scenario.tenant.domain, scenario.network.host
    for box in scanners(scenario):
        writer.writerow((box.address, tenant, box.site, box.sender, box.device, box.owner, box.host or main, box.tls))
    return text.getvalue()


def truth_of(scenario: Scenario) -> Mapping[str, tuple[Status, str]]:
    """Return the status and the cause that must be found for each scanner's mailbox, by its address in lower case."""
    told = ((box.address.casefold(), box.expect) for box in scenario.mailboxes)
    return {address: (truth.status, truth.cause) for address, truth in told if truth is not None}
