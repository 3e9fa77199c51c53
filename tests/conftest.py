"""Nothing of the person who runs the tests reaches them; and what the whole run has to say at its end."""

from itertools import chain
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nobodys_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep ledgers, kept sign-ins and what labs remember out of the folder of whoever runs the tests."""
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: tmp_path / "data")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that tests have recorded, whichever worker they ran on."""
    for report in chain.from_iterable(terminalreporter.stats.values()):
        ran = getattr(report, "when", None) == "call"
        for name, value in report.user_properties if ran else ():
            if name.startswith("table: "):
                terminalreporter.section(name.removeprefix("table: "))
                terminalreporter.write_line(str(value))
