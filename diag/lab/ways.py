"""Where connections to the lab's addresses really go, and the sockets behind them."""

import ipaddress
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from diag.lab.loopback import blocked, refused
from diag.lab.scenario import Scenario

EXCHANGE_HOST = "outlook.office365.com"
GRAPH_HOST = "graph.microsoft.com"
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Ways:
    """The table of the lab's address translation; `closed` is a port at which every connection is refused."""

    table: Mapping[tuple[str, int], tuple[str, int]]
    closed: tuple[str, int]

    def route(self, address: str, port: int) -> tuple[str, int]:
        """Return where a connection to `address` really goes: addresses of the lab and of loopback, no others.

        Every other address, and every name but `localhost`, Exchange Online's endpoint and Microsoft Graph, leads to a
        closed port: what runs in the lab never leaves this computer.
        """
        if (found := self.table.get((address, port))) is not None:
            return found
        return (address, port) if _is_loopback(address) else self.closed


def lay(scenario: Scenario, stack: ExitStack, web: socket.socket) -> tuple[Ways, tuple[socket.socket, ...]]:
    """Return the ways, and a listening socket for each submission host, the first host's first."""
    from diag.lab.names import addresses

    closed = stack.enter_context(refused())
    table = {(host, _HTTPS): _door(web) for host in (EXCHANGE_HOST, GRAPH_HOST)}
    ways = (scenario.network, *(host.network for host in scenario.hosts))
    nowhere = closed
    if any("blocked" in (way.port, way.ipv6) for way in ways):
        nowhere = stack.enter_context(blocked())
    mails: list[socket.socket] = []
    for number, way in enumerate(ways):
        mails.append(stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024)))
        leads = {"open": _door(mails[-1]), "refused": closed, "none": closed, "blocked": nowhere}
        ipv4, ipv6 = addresses(number)
        for port in way.ports:
            table[ipv4, port] = leads[way.port]
            # Where the port is closed to IPv4 it is closed to IPv6 too; IPv6 can only be worse off.
            table[ipv6, port] = leads[way.port if way.ipv6 == "open" else way.ipv6]
    return Ways(table, closed), tuple(mails)


def _door(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()
    return str(host), int(port)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
