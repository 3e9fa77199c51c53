"""Which addresses a token may be asked for at."""

import re
from urllib.parse import urlsplit

from diag.sentence import say
from diag.subject import InvalidInputError, host_name, printable


def sign_in_url(url: str) -> str:
    """Return `url` unchanged if a token may be asked for there: https, a host, nothing secret in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = url.isascii() and url.isprintable() and " " not in url  # urlsplit drops control characters without a word
    if not plain or parts.scheme != "https" or not host or "@" in parts.netloc or parts.query or parts.fragment:
        shown = printable(re.sub(r"//[^/]*@", "//***@", url))  # a password may stand there
        raise InvalidInputError(say("'{url}' is not an https:// address of a sign-in service.", url=shown))
    host_name(host)
    if not parts.path.strip("/"):
        raise InvalidInputError(say("'{url}' names no tenant or realm: its path is empty.", url=printable(url)))
    return url
