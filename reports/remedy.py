"""What to do, as steps for this very mailbox: what to read in each, and the command that it ends with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from diag.catalogue import Cause
from diag.powershell import quoted
from diag.subject import Subject

# The addresses in the catalogue's examples: the mailbox that signs in, and another sender.
MAILBOX, _SENDER = "scanner@contoso.com", "office@contoso.com"
_EXAMPLES = re.compile("|".join(map(re.escape, (MAILBOX, _SENDER))))
_CMDLET = r"(?:[A-Z][A-Za-z]+-[A-Z][A-Za-z]+|nslookup|diag [a-z-]+)\b"
# A command: a cmdlet at the start or behind a colon, up to the end, where no full stop shows that a sentence goes on.
_COMMAND = re.compile(rf"(?:^|: )({_CMDLET}(?:(?!: )[^\u00a0])*[^.\s])$")
_PARAMETER = re.compile(rf"{_CMDLET} ?$|-[A-Z]\w+ $")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `command`, where there is one, is to be pasted whole and stands behind the text."""

    text: str
    command: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.text, self.command) if part)


def mentions_example(text: str) -> bool:
    """Whether a step has an example address in it, which gives way to that of a subject."""
    return bool(_EXAMPLES.search(text))


def _fill(text: str, addresses: Mapping[str, str], *, is_command: bool) -> str:
    def put(match: re.Match[str]) -> str:
        address = addresses[match[0]]
        return quoted(address) if is_command or _PARAMETER.search(text[: match.start()]) else address

    return _EXAMPLES.sub(put, text)


def _step(written: str, addresses: Mapping[str, str]) -> Step:
    found = _COMMAND.search(written)
    text, command = (written[: found.start(1)].rstrip(" "), found[1]) if found else (written, "")
    return Step(_fill(text, addresses, is_command=False), _fill(command, addresses, is_command=True))


def steps(cause: Cause, subject: Subject | None, language: str) -> tuple[Step, ...]:
    """Return what to do in `language`; the catalogue's example addresses give way to those of a subject."""
    addresses = {MAILBOX: MAILBOX, _SENDER: _SENDER}
    if subject is not None:
        other = subject.sender if subject.sender.lower() != subject.mailbox.lower() else _SENDER
        addresses = {MAILBOX: subject.mailbox, _SENDER: other}
    return tuple(_step(written, addresses) for written in cause.fix.in_language(language))
