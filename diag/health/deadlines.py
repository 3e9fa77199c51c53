"""The days on which somebody else ends what still works: known to everybody, unlike the end of a single secret."""

from collections.abc import Mapping
from datetime import date

# The Exchange team's announcement of 27 January 2026 (message center MC786329): at the end of December 2026 Basic
# authentication for SMTP AUTH goes off by default in existing tenants; an administrator may switch it on again.
_BASIC_AUTHENTICATION_OFF = date(2026, 12, 31)

DEADLINES: Mapping[str, date] = {
    "basic_auth_still_used": _BASIC_AUTHENTICATION_OFF,
}
"""By cause, the last day on which it does no harm yet."""
