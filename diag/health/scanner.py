"""One line of an inventory: a mailbox that a device sends from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A mailbox, and what its inventory says of the device that sends from it; empty where it says nothing.

    `mailbox` is an address as `diag.subject.address` lets it pass. `sender` is what the device sends from, where that
    is not the mailbox. `credential` is where the secret stands ("env:NAME", "file:PATH", "keyring:SERVICE/NAME"), never
    the secret, and `client_id` the application it belongs to; without them the tenant's are taken. `tls` is the version
    that the device is set to, like "1.0". `line` is where the inventory says all this, 0 for what was discovered.
    """

    mailbox: str
    tenant: str = ""
    site: str = ""
    sender: str = ""
    device: str = ""
    owner: str = ""
    client_id: str = ""
    credential: str = ""
    smtp_host: str = ""
    tls: str = ""
    line: int = 0

    @property
    def key(self) -> str:
        """What the mailbox goes by wherever mailboxes are compared: case does not matter."""
        return self.mailbox.casefold()

    @property
    def realm(self) -> str:
        """The tenant as it was written, else the domain of the mailbox; in lower case."""
        return (self.tenant or self.mailbox.rpartition("@")[2]).casefold()
