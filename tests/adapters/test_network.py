"""DNS and TCP against real name servers and real sockets."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from diag.adapters.network import SystemNetwork, contact_status
from diag.evidence import Contact, ContactStatus, Lookup, LookupStatus
from diag.lab import Lab, load_scenario
from diag.lab.scenario import Network

HEALTHY = load_scenario("healthy")


@contextmanager
def network(**said: object) -> Iterator[SystemNetwork]:
    """Yield the port, in a lab whose network is as said."""
    scenario = replace(HEALTHY, network=replace(Network(), **said))  # type: ignore[arg-type]
    with Lab(scenario) as lab:
        yield SystemNetwork(timeout_s=2, route=lab.route, nameserver=lab.nameserver)


def looked_up(name: str, **said: object) -> dict[str, Lookup]:
    with network(**said) as port:
        return {found.record: found for found in asyncio.run(port.look_up(name))}


def reached(*addresses: str, **said: object) -> dict[str, Contact]:
    with network(**said) as port:
        return {contact.address: contact for contact in asyncio.run(port.reach(addresses, 587))}


def test_every_record_is_asked_for_and_the_true_name_kept() -> None:
    found = looked_up("smtp.office365.com", ipv6="open")
    assert found["A"].status is LookupStatus.ANSWERED
    assert found["A"].addresses == ("192.0.2.10",)
    assert found["A"].canonical_name != ""
    assert found["AAAA"].addresses == ("2001:db8::10",)


def test_a_name_without_ipv6_has_no_such_records() -> None:
    assert looked_up("smtp.office365.com")["AAAA"].status is LookupStatus.NO_RECORDS


def test_an_unknown_name_is_told_from_a_silent_and_a_failing_name_server() -> None:
    assert looked_up("smtp.office356.com")["A"].status is LookupStatus.NO_SUCH_NAME
    assert looked_up("smtp.office365.com", dns="silent")["A"].status is LookupStatus.TIMEOUT
    assert looked_up("smtp.office365.com", dns="server_failure")["A"].status is LookupStatus.FAILED


@pytest.mark.parametrize(("literal", "record"), [("127.0.0.1", "A"), ("::1", "AAAA")])
def test_an_address_is_its_own_answer(literal: str, record: str) -> None:
    (found,) = asyncio.run(SystemNetwork().look_up(literal))
    assert (found.record, found.addresses) == (record, (literal,))


def test_a_name_that_dns_cannot_hold_is_a_failed_look_up() -> None:
    found = asyncio.run(SystemNetwork(nameserver=("127.0.0.1", 9)).look_up("a" * 80 + ".example"))
    assert {lookup.status for lookup in found} == {LookupStatus.FAILED}


def test_connected_and_refused_are_told_apart() -> None:
    assert reached("192.0.2.10")["192.0.2.10"].status is ContactStatus.CONNECTED
    assert reached("192.0.2.10", port="refused")["192.0.2.10"].status is ContactStatus.REFUSED


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses where a backlog is full")
def test_one_dead_address_does_not_hide_the_one_that_answers() -> None:
    found = reached("192.0.2.10", "2001:db8::10", ipv6="blocked")
    assert found["192.0.2.10"].status is ContactStatus.CONNECTED
    assert found["2001:db8::10"].status is ContactStatus.TIMEOUT


def test_no_way_there_is_unreachable() -> None:
    assert contact_status(OSError(101, "Network is unreachable")) is ContactStatus.UNREACHABLE
    assert contact_status(socket.gaierror(-2, "Name or service not known")) is ContactStatus.UNREACHABLE
