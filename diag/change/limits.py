"""How long a change may be in the hands of the run that makes it."""

from datetime import timedelta

# A reading (two requests), the change, and a reading again, a minute each. An open change that is younger may still be
# sent, and is left to its run; an older one was broken off.
UNDER_WAY = timedelta(minutes=5)
# The change is sent within the time that leaves the rest for what follows, or not at all.
SENT_WITHIN = timedelta(minutes=2)
