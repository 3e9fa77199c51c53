"""Further submission hosts: each with its own name, way, server and certificate."""

import socket
import ssl
import sys
from dataclasses import replace

import dns.rcode
import dns.resolver
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from diag.lab import Lab, load_scenario
from diag.lab.scenario import Host, Server, Shown, Way
from diag.stage import Stage
from tests.lab.device import HOST, Device
from tests.lab.test_network import resolver

HEALTHY = load_scenario("healthy")


def with_hosts(*hosts: Host) -> Lab:
    return Lab(replace(HEALTHY, hosts=hosts))


def issuer(lab: Lab, address: str, name: str) -> str:
    """Return who signed the certificate of a host, or why it does not hold."""
    with Device(lab, address, host=name) as device:
        device.hear()
        device.say("EHLO mfp")
        device.say("STARTTLS")
        try:
            device.secure()
        except ssl.SSLCertVerificationError as problem:
            return problem.verify_message
        shown = x509.load_der_x509_certificate(device.tls.getpeercert(binary_form=True) or b"")
        return str(shown.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_each_host_has_its_address_and_its_certificate() -> None:
    hosts = (
        Host(name="good.contoso.com"),
        Host(name="old.contoso.com", certificate=Shown(valid_to_days=-1)),
        Host(name="opened.contoso.com", certificate=Shown(issuer="CN=FortiGate CA,O=Fortinet")),
        Host(name="named.contoso.com", certificate=Shown(names=("elsewhere.example",))),
    )
    with with_hosts(*hosts) as lab:
        names = [HOST, *(host.name for host in hosts)]
        addresses = [str(resolver(lab).resolve(name, "A")[0]) for name in names]
        found = [issuer(lab, address, name) for address, name in zip(addresses, names, strict=True)]
    assert addresses == [f"192.0.2.{number}" for number in range(10, 15)]
    assert found[:2] == ["diag lab issuing authority"] * 2
    assert found[2] == "certificate has expired"
    assert found[3] in {"self-signed certificate in certificate chain", "unable to get local issuer certificate"}
    assert found[4].startswith("Hostname mismatch")
    assert not lab.bugs


def test_each_host_has_its_own_server() -> None:
    hosts = (
        Host(name="a.contoso.com", smtp=Server(starttls="stripped")),
        Host(name="b.contoso.com", smtp=Server(persona="postfix")),
        Host(name="c.contoso.com", smtp=Server(replies={Stage.AUTH: "535 5.7.3 Here alone"})),
        Host(name="d.contoso.com", smtp=Server(tls_maximum="1.2")),
    )
    with with_hosts(*hosts) as lab:
        with Device(lab, "192.0.2.11") as device:
            device.hear()
            assert "STARTTLS" not in device.say("EHLO mfp")
        with Device(lab, "192.0.2.12") as device:
            assert "Postfix" in device.hear()
        with Device(lab, "192.0.2.13", host="c.contoso.com") as device:
            assert device.sign_in(lab.token()) == "535 5.7.3 Here alone"
        with Device(lab, "192.0.2.14", host="d.contoso.com") as device:
            assert device.sign_in(lab.token()).startswith("235 ")
            assert device.tls.version() == "TLSv1.2"
        with Device(lab) as device:
            assert device.sign_in(lab.token()).startswith("235 ")
            assert device.tls.version() == "TLSv1.3"
        assert len(lab.sessions) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses where the queue is full")
def test_each_host_has_its_own_way() -> None:
    hosts = (
        Host(name="blocked.contoso.com", network=Way(port="blocked", ipv6="open")),
        Host(name="refused.contoso.com", network=Way(port="refused")),
        Host(name="other.contoso.com", network=Way(ports=(25, 2525), ipv6="open")),
    )
    with with_hosts(*hosts) as lab:
        for address in ("192.0.2.11", "2001:db8::11"):
            with pytest.raises(TimeoutError):
                socket.create_connection(lab.route(address, 587), timeout=0.3)
        for address, port in (("192.0.2.12", 587), ("192.0.2.13", 587), ("2001:db8::10", 587), ("192.0.2.14", 587)):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(lab.route(address, port), timeout=5)
        for address, port in (("192.0.2.13", 25), ("2001:db8::13", 2525), ("192.0.2.10", 587)):
            with socket.create_connection(lab.route(address, port), timeout=5) as mail:
                assert mail.recv(4) == b"220 "
        assert str(resolver(lab).resolve("other.contoso.com", "AAAA")[0]) == "2001:db8::13"
        with pytest.raises(dns.resolver.NoAnswer):
            resolver(lab).resolve("refused.contoso.com", "AAAA")


def test_the_name_of_one_host_may_fail_and_no_others() -> None:
    hosts = (
        Host(name="gone.contoso.com", network=Way(dns="no_such_name")),
        Host(name="Fails.Contoso.com", network=Way(dns="server_failure")),
    )
    with with_hosts(*hosts) as lab:
        asked = resolver(lab)
        assert str(asked.resolve(HOST, "A")[0]) == "192.0.2.10"
        with pytest.raises(dns.resolver.NXDOMAIN):
            asked.resolve("gone.contoso.com", "A")
        with pytest.raises(dns.resolver.NoNameservers, match="SERVFAIL"):
            asked.resolve("fails.contoso.com", "A")


def test_two_hundred_hosts_start_and_stop() -> None:
    with with_hosts(*(Host(name=f"site-{number}.contoso.com") for number in range(200))) as lab:
        assert issuer(lab, "192.0.2.210", "site-199.contoso.com") == "diag lab issuing authority"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(lab.route("192.0.2.210", 587), timeout=5)
