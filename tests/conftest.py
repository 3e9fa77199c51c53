"""What the whole run has to say at its end."""

from itertools import chain

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that tests have recorded, whichever worker they ran on."""
    for report in chain.from_iterable(terminalreporter.stats.values()):
        ran = getattr(report, "when", None) == "call"
        for name, value in report.user_properties if ran else ():
            if name.startswith("table: "):
                terminalreporter.section(name.removeprefix("table: "))
                terminalreporter.write_line(str(value))
