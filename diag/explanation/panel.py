"""Finds what somebody read off a device's panel among the codes that are known."""

import re
from functools import cache

from diag.catalogue import PanelCode, load
from diag.catalogue.words import words
from diag.sentence import say
from diag.subject import InvalidInputError, printable

LONGEST = 120  # characters; what somebody reads off a panel is short
_FILLER = re.compile(
    r"^(?:send|scan|transmission)?\s*(?:error|erreur|code|fehler)?(?:\s*code)?\s*(?:n[o°]\.?)?\s*:?\s*", re.IGNORECASE
)
_LEAST_WORDS = 5  # of a message inside a longer text, where nobody named the vendor


@cache
def vendors() -> tuple[str, ...]:
    """The names of all vendors whose codes are known."""
    return tuple(dict.fromkeys(vendor for vendor, _ in load().panel_codes.names()))


def vendor_of(name: str) -> str | None:
    """The vendor somebody means by any beginning of its name, or a word of it; None where there is none such."""
    wanted = name.strip().casefold()
    met = (known for known in vendors() if known.casefold().startswith(wanted) or wanted in known.casefold().split())
    return next(met, None) if wanted else None


def asked_vendor(name: str) -> str:
    """Return the vendor somebody means; raises `InvalidInputError` where no code of such a vendor is known."""
    if known := vendor_of(name):
        return known
    raise InvalidInputError(
        say("No codes of '{name}' are known; there are {known}.", name=printable(name, 40), known=", ".join(vendors()))
    )


def _bare(code: str) -> str:
    """A code as it is compared: without the number sign, the 0x, and blanks."""
    return re.sub(r"\s+", "", code.casefold()).removeprefix("#").removeprefix("0x")


def _named(text: str) -> tuple[str | None, str]:
    """Take a vendor's name off the front of a text."""
    for vendor in vendors():
        first = vendor.split()[0]
        if len(text) > len(first) and text.casefold().startswith(f"{first.casefold()} "):
            rest = text[len(first) :].strip()
            return vendor, rest[3:].strip() if rest.casefold().startswith("mfp ") else rest
    return None, text


def _fits(code: PanelCode, vendor: str | None) -> bool:
    """Whether a code is the vendor's; where nobody named one, whether a device shows it."""
    return code.vendor == vendor if vendor else code.kind in {"error", "state"}


def by_code(text: str, vendor: str | None = None) -> tuple[PanelCode, ...]:
    """Return the codes that the whole of `text` is, of `vendor` or of any device; empty where it is none."""
    whole = text.strip()
    if not whole or len(whole) > LONGEST or "\n" in whole:
        return ()
    named, rest = _named(whole)
    ways = (rest, _FILLER.sub("", rest), *_FILLER.sub("", rest).split("/"))
    asked = {_bare(way) for way in ways} - {""}
    codes = load().panel_codes
    met = [codes[place] for place, (_, code) in enumerate(codes.names()) if _bare(code) in asked]
    return tuple(code for code in met if _fits(code, vendor or named))


def by_message(said: str, vendor: str | None = None) -> tuple[PanelCode, ...]:
    """Return the codes of devices whose message stands in `said` (words, blanks around)."""
    return tuple(
        code
        for code, message in _messages(vendor)
        if message in said and (vendor or message == said or message.count(" ") > _LEAST_WORDS)
    )


@cache
def _messages(vendor: str | None) -> tuple[tuple[PanelCode, str], ...]:
    return tuple(
        (code, f" {words(code.shows)} ")
        for code in load().panel_codes
        # What Oki prints are the RFC's words, which servers say too.
        if code.shows and _fits(code, vendor) and (vendor or code.vendor != "Oki")
    )
