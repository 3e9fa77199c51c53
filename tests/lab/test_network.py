"""Names and ways: DNS over UDP and TCP, and ports that let nobody through."""

import socket
import sys
from dataclasses import replace

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest

from diag.lab import Lab, ServedLab, load_scenario
from diag.lab.scenario import Network
from tests.lab.device import HOST

HEALTHY = load_scenario("healthy")


def resolver(lab: Lab | ServedLab) -> dns.resolver.Resolver:
    made = dns.resolver.Resolver(configure=False)
    made.nameservers = [lab.nameserver[0]]
    made.port = lab.nameserver[1]
    made.lifetime = 5
    return made


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_the_host_has_an_address_behind_an_alias(tcp: bool) -> None:
    with Lab(HEALTHY) as lab:
        answer = resolver(lab).resolve(HOST, "A", tcp=tcp)
    assert [str(record) for record in answer] == ["192.0.2.10"]
    assert str(answer.canonical_name) == "ooc-g2.tm-4.office.com."


def test_an_ipv6_address_is_there_only_where_the_scenario_has_it() -> None:
    with Lab(HEALTHY) as lab, pytest.raises(dns.resolver.NoAnswer):
        resolver(lab).resolve(HOST, "AAAA")
    with Lab(replace(HEALTHY, network=Network(ipv6="open"))) as lab:
        assert [str(record) for record in resolver(lab).resolve(HOST, "AAAA")] == ["2001:db8::10"]
        with socket.create_connection(lab.route("2001:db8::10", 587), timeout=5) as mail:
            assert mail.recv(4) == b"220 "


def test_a_name_the_lab_does_not_know_does_not_exist() -> None:
    with Lab(HEALTHY) as lab, pytest.raises(dns.resolver.NXDOMAIN):
        resolver(lab).resolve("smtp.office356.com", "A")
    with Lab(load_scenario("dns-fails")) as lab, pytest.raises(dns.resolver.NXDOMAIN):
        resolver(lab).resolve(HOST, "A")


def test_a_name_server_can_fail_or_be_silent() -> None:
    query = dns.message.make_query(HOST, "A")
    with Lab(replace(HEALTHY, network=Network(dns="server_failure"))) as lab:
        answer = dns.query.udp(query, lab.nameserver[0], port=lab.nameserver[1], timeout=5)
    assert answer.rcode() is dns.rcode.SERVFAIL
    with Lab(replace(HEALTHY, network=Network(dns="silent"))) as lab:
        for ask in (dns.query.udp, dns.query.tcp):
            with pytest.raises(dns.exception.Timeout):
                ask(query, lab.nameserver[0], port=lab.nameserver[1], timeout=0.2)
    assert not lab.bugs


def test_what_is_no_question_gets_no_answer_and_does_no_harm() -> None:
    with Lab(HEALTHY) as lab:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"\xff" * 40, lab.nameserver)
        assert resolver(lab).resolve(HOST, "A")
    assert not lab.bugs


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses where the queue is full")
def test_a_blocked_port_never_answers() -> None:
    with Lab(load_scenario("port-blocked")) as lab, pytest.raises(TimeoutError):
        socket.create_connection(lab.route("192.0.2.10", 587), timeout=0.5)


def test_a_refused_port_says_so_at_once() -> None:
    with Lab(replace(HEALTHY, network=Network(port="refused"))) as lab, pytest.raises(ConnectionRefusedError):
        socket.create_connection(lab.route("192.0.2.10", 587), timeout=5)


def test_nothing_that_runs_in_the_lab_gets_out_of_it() -> None:
    with Lab(HEALTHY) as lab:
        for address, port in (("203.0.113.9", 587), ("192.0.2.10", 465), ("2001:db8::10", 587)):
            assert lab.route(address, port)[0] == "127.0.0.1"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(lab.route(address, port), timeout=5)
        assert lab.route("127.0.0.1", 8080) == ("127.0.0.1", 8080)
