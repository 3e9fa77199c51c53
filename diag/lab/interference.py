"""What can stand between a client and a service of the lab: a page that is not the service's, or silence."""

from collections.abc import Awaitable, Callable
from typing import Any

PORTAL = "<!doctype html><html><head><title>Guest network</title></head><body>Please accept the terms.</body></html>"
LOST = 0  # the status in the record where an answer was never sent


async def until_gone(receive: Callable[[], Awaitable[Any]]) -> None:
    """Wait until the client closes the connection, or the lab does."""
    while (await receive())["type"] != "http.disconnect":
        pass
