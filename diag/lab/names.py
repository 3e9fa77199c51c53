"""The lab's name server, over UDP and TCP: the first host is behind the kind of alias chain Microsoft uses."""

import asyncio
import ipaddress
import itertools
import socket
from dataclasses import dataclass
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from diag.lab.scenario import Scenario, Way

_IPV4 = ipaddress.IPv4Address("192.0.2.10")  # of RFC 5737: documentation, never routed
_IPV6 = ipaddress.IPv6Address("2001:db8::10")  # of RFC 3849
_TTL = 30
_ALIASES = ("outlook.office365.com", "ooc-g2.tm-4.office.com")


def addresses(number: int) -> tuple[str, str]:
    """Return the IPv4 and the IPv6 address of a host of the lab; the first is number 0."""
    return str(_IPV4 + number), str(_IPV6 + number)


@dataclass(frozen=True, slots=True)
class _Name:
    """A host in the name server: the names that lead to it, the last of them its own, and its addresses."""

    way: Way
    chain: tuple[str, ...]
    number: int


class Zone:
    """What the lab's names answer."""

    def __init__(self, scenario: Scenario) -> None:
        self._first = _Name(scenario.network, (_plain(scenario.network.host), *_ALIASES), 0)
        self._names = dict.fromkeys(self._first.chain, self._first)
        for number, host in enumerate(scenario.hosts, 1):
            self._names[_plain(host.name)] = _Name(host.network, (_plain(host.name),), number)

    def answer(self, wire: bytes) -> bytes | None:
        """Return the answer to one question; None where the server stays silent, or the question is no question.

        Names that are not there are answered as the first host's way has it.
        """
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if not query.question or query.flags & dns.flags.QR:
            return None
        question = query.question[0]
        asked = _plain(str(question.name))
        known = self._names.get(asked)
        how = (known or self._first).way.dns
        if how == "silent":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if how == "server_failure":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif known is None or how == "no_such_name":
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            rest = known.chain[known.chain.index(asked) :]
            for alias, target in itertools.pairwise(rest):
                response.answer.append(dns.rrset.from_text(f"{alias}.", _TTL, "IN", "CNAME", f"{target}."))
            if address := _addresses(known).get(question.rdtype):
                kind = dns.rdatatype.to_text(question.rdtype)
                response.answer.append(dns.rrset.from_text(f"{rest[-1]}.", _TTL, "IN", kind, address))
        return response.to_wire()


def _plain(name: str) -> str:
    return name.rstrip(".").casefold()


def _addresses(name: _Name) -> dict[int, str]:
    ipv4, ipv6 = addresses(name.number)
    found: dict[int, str] = {dns.rdatatype.A: ipv4}
    if name.way.ipv6 != "none":
        found[dns.rdatatype.AAAA] = ipv6
    return found


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if self._transport is not None and (answer := self._zone.answer(data)) is not None:
            self._transport.sendto(answer, addr)


def sockets() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on the same free port of loopback, the second one listening."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # somebody else has that port for UDP
            udp.close()
            tcp.close()
            continue
        return udp, tcp


async def serve(zone: Zone, udp: socket.socket, tcp: socket.socket) -> tuple[asyncio.BaseTransport, asyncio.Server]:
    """Answer on both sockets until what is returned is closed."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answer = zone.answer(await reader.readexactly(size))
                if answer is None:
                    await reader.read()  # silence, until the client gives up
                    return
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client is gone, or the lab is
        finally:
            writer.close()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Udp(zone), sock=udp)
    return transport, await asyncio.start_server(converse, sock=tcp)
