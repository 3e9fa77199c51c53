"""Lines of PowerShell that an administrator copies and runs: every value in them is quoted so that it stays one."""

import re

from diag.subject import printable

_LONGEST = 320
# Letters first: a dash before them would make a value an option. The rest has no meaning to PowerShell.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9@._+-]*")


def quoted(value: str) -> str:
    """Return a value as PowerShell reads it back: bare where that is safe, else in single quotes."""
    shown = printable(value, _LONGEST)
    if _PLAIN.fullmatch(shown):
        return shown
    # PowerShell takes typographic apostrophes for the plain one.
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", shown) + "'"
