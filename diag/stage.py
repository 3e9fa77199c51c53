"""The steps of the dialogue."""

from enum import StrEnum


class Stage(StrEnum):
    """Where in the dialogue a step belongs, in the order of the dialogue."""

    DNS = "dns"
    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    EHLO_TLS = "ehlo_tls"
    SIGN_IN = "sign_in"
    TOKEN = "token"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    QUIT = "quit"
    DIRECTORY = "directory"  # no step: what administrators can see, weighed with all the steps before

    @property
    def order(self) -> int:
        """Position in the dialogue, from 0."""
        return _ORDER[self]


_ORDER = {stage: order for order, stage in enumerate(Stage)}
