"""DNS by dnspython, TCP by asyncio: every address, every time, and the difference between the ways to fail."""

import asyncio
import errno
import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from diag.evidence import Contact, ContactStatus, Lookup, LookupStatus

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

_MOST_ADDRESSES = 16  # a real host has a handful; thousands would only use up this computer's own sockets
Route: TypeAlias = Callable[[str, int], tuple[str, int]]
"""Where a connection to (address, port) really goes: nowhere else, but for the lab's address translation."""


def straight(address: str, port: int) -> tuple[str, int]:
    """Go where the address says."""
    return address, port


async def open_socket(address: str, port: int, timeout_s: float) -> socket.socket:
    """Connect once and return the socket, non-blocking; raises `OSError`, `TimeoutError` included."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(timeout_s):
            await loop.sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def contact_status(problem: OSError) -> ContactStatus:
    """Tell refused, time-out and unreachable apart; only a reset in place of an answer counts as refused."""
    match problem:
        case TimeoutError():
            return ContactStatus.TIMEOUT
        case ConnectionRefusedError() | ConnectionResetError() | ConnectionAbortedError():
            return ContactStatus.REFUSED
        case _ if problem.errno == errno.ETIMEDOUT:
            return ContactStatus.TIMEOUT
        case _:
            return ContactStatus.UNREACHABLE


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _literal(host: str) -> tuple[Lookup, ...] | None:
    """A literal address needs no DNS."""
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return None
    record: Literal["A", "AAAA"] = "A" if literal.version == 4 else "AAAA"  # noqa: PLR2004 - IP version
    return (Lookup(name=host, record=record, status=LookupStatus.ANSWERED, addresses=(str(literal),), duration_ms=0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemNetwork:
    """The `Network` port. `nameserver` (address, port) replaces the system's name servers."""

    timeout_s: float = 10
    route: Route = straight
    nameserver: tuple[str, int] | None = None

    def _resolver(self) -> "Resolver":
        from dns.asyncresolver import Resolver

        resolver = Resolver(configure=self.nameserver is None)
        if self.nameserver is not None:
            resolver.nameservers, resolver.port = [self.nameserver[0]], self.nameserver[1]
        resolver.lifetime = self.timeout_s
        return resolver

    async def look_up(self, host: str) -> tuple[Lookup, ...]:
        """Ask for A and AAAA at the same time."""
        if literal := _literal(host):
            return literal
        from dns.resolver import NoResolverConfiguration

        try:
            resolver = self._resolver()
        except NoResolverConfiguration as problem:
            failed = LookupStatus.FAILED
            return (Lookup(name=host, record="A", status=failed, detail=str(problem), duration_ms=0),)
        return tuple(await asyncio.gather(self._ask(resolver, host, "A"), self._ask(resolver, host, "AAAA")))

    @staticmethod
    async def _ask(resolver: "Resolver", host: str, record: Literal["A", "AAAA"]) -> Lookup:
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoAnswer

        began = time.perf_counter()
        status, addresses, canonical, detail = LookupStatus.ANSWERED, (), None, ""
        try:
            answer = await resolver.resolve(host.rstrip(".") + ".", record)
            addresses = tuple(item.to_text() for item in answer)
            canonical = answer.canonical_name.to_text(omit_final_dot=True)
        except NXDOMAIN:
            status = LookupStatus.NO_SUCH_NAME
        except NoAnswer:
            status = LookupStatus.NO_RECORDS
        except Timeout as problem:
            status, detail = LookupStatus.TIMEOUT, str(problem)
        except (DNSException, OSError) as problem:  # SERVFAIL everywhere, refused, malformed, name not encodable
            status, detail = LookupStatus.FAILED, str(problem)
        return Lookup(
            name=host,
            record=record,
            status=status,
            addresses=addresses,
            canonical_name=canonical,
            detail=detail,
            duration_ms=_milliseconds_since(began),
        )

    async def reach(self, addresses: tuple[str, ...], port: int) -> tuple[Contact, ...]:
        """Connect to all addresses at the same time, once each; of more than sixteen to the first sixteen."""
        return tuple(await asyncio.gather(*(self._contact(address, port) for address in addresses[:_MOST_ADDRESSES])))

    async def _contact(self, address: str, port: int) -> Contact:
        began = time.perf_counter()
        status, detail = ContactStatus.CONNECTED, ""
        try:
            (await open_socket(*self.route(address, port), self.timeout_s)).close()
        except OSError as problem:
            status, detail = contact_status(problem), problem.strerror or ""
        return Contact(address=address, port=port, status=status, detail=detail, duration_ms=_milliseconds_since(began))
