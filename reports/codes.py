"""Numbers and codes that have a meaning of their own, put into words."""

from dataclasses import dataclass

from diag.catalogue import AadstsEntry, PanelCode, aadsts_link
from diag.sentence import say
from reports.reader import Reader
from reports.wording import pair

_SEEN = {
    "device_code": say("the answer to the request for a device code"),
    "token": say("the answer to the request for a token"),
    "sign_in_log": say("the sign-in log"),
    "browser": say("the browser"),
}


@dataclass(frozen=True, slots=True)
class Code:
    """What a number or code is called, what it means, what to do first, where it shows, and the page that tells it."""

    name: str
    meaning: str
    step: str
    seen: str
    source: str
    link: str


def of_number(number: int, entry: AadstsEntry | None, reader: Reader) -> Code:
    """Tell of an AADSTS number; `entry` is None where the catalogue does not know it."""
    name = reader.prose(f"AADSTS{number}" + (f" ({entry.name})" if entry and entry.name else ""))
    source, link = reader.own(say("Microsoft's page")), aadsts_link(number)
    if entry is None:
        return Code(name, "", "", "", source, link)
    return Code(
        name,
        reader.prose(entry.meaning.in_language(reader.language)),
        reader.prose(entry.step.in_language(reader.language)),
        ", ".join(reader.own(_SEEN[place]) for place in entry.seen),
        source,
        link,
    )


def of_panel(code: PanelCode, reader: Reader) -> Code:
    """Tell of a device's code."""
    name = reader.prose(f"{code.vendor} {code.code}")
    is_said = code.shows is None or code.shows == code.code
    return Code(
        name if is_said else pair(name, reader.prose(code.shows or ""), reader.translate),
        reader.prose(code.meaning.in_language(reader.language)),
        reader.prose(code.step.in_language(reader.language)),
        "",
        reader.own(say("Source")),
        code.source,
    )
