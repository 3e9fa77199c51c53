"""A machine with schedulers of our own: real programs on a PATH of their own, which keep what they are told."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from diag.adapters.programs import Programs
from diag.adapters.scheduler import Scheduler
from diag.health.schedule import Kind

# Each notes its arguments and what it is given, then does as the real one would with the files in its folder.
_PROGRAM = """#!{python}
import json, pathlib, sys, time
home = pathlib.Path({home!r})
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
given = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
with (home / "calls").open("a", encoding="utf-8") as calls:
    calls.write(json.dumps([name, words, given]) + chr(10))
trouble = home / f"trouble-{{name}}"
if trouble.exists():
    code, text = json.loads(trouble.read_text())
    if code is None:
        time.sleep(60)
    sys.stderr.write(text)
    sys.exit(code)
{body}
"""
_CRONTAB = """
file = home / "crontab"
if words == ["-l"]:
    if not file.exists():
        sys.exit(sys.stderr.write("no crontab for somebody" + chr(10)) and 1)
    sys.stdout.buffer.write(file.read_bytes())
elif words == ["-"]:
    if given and not given.endswith(chr(10)):
        sys.exit("new crontab file is missing newline before EOF")
    file.write_bytes(given.encode("utf-8", "surrogateescape"))
else:
    sys.exit("usage")
"""
_SYSTEMCTL = """
assert words[0] == "--user"
state = home / "timers"
on = set(state.read_text().split()) if state.exists() else set()
before = set(on)
match words[1:]:
    case ["show", "--property=Version"] | ["daemon-reload"]:
        pass
    case ["enable" | "restart", timer]:
        on.add(f"{words[1]}:{timer}")
    case ["disable", "--now", timer]:
        on -= {f"enable:{timer}", f"restart:{timer}"}
    case ["is-enabled", timer]:
        sys.exit(f"enable:{timer}" not in on)
    case ["is-active", timer]:
        sys.exit(f"restart:{timer}" not in on)
    case _:
        sys.exit("Unknown command")
if on != before:
    state.write_text(" ".join(sorted(on)))
"""
_SCHTASKS = """
def task(name):
    return home / name.replace(chr(92), "_")
match words:
    case ["/Query", "/TN", name, "/XML"]:
        if not task(name).exists():
            sys.exit("ERROR: The system cannot find the file specified.")
        sys.stdout.buffer.write(task(name).read_bytes())
    case ["/Create", "/TN", name, "/XML", file, *_, "/F"]:
        task(name).write_bytes(pathlib.Path(file).read_bytes())
    case ["/Delete", "/TN", name, "/F"]:
        task(name).unlink()
    case _:
        sys.exit("ERROR: Invalid syntax.")
"""
_LOGINCTL = """
print("Linger=" + ("yes" if (home / "lingers").exists() else "no"))
"""
_BODIES = {"crontab": _CRONTAB, "systemctl": _SYSTEMCTL, "schtasks": _SCHTASKS, "loginctl": _LOGINCTL}


@dataclass
class Machine:
    """A home folder, and programs that are found beside it and nowhere else."""

    home: Path
    programs: tuple[str, ...]
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True)
        for name in self.programs:
            path = self.bin / name
            path.write_text(_PROGRAM.format(python=sys.executable, home=str(self.home), body=_BODIES[name]), "utf-8")
            path.chmod(0o755)
        self.environment = {"PATH": str(self.bin), "HOME": str(self.home), "USER": "ops", "SECRET": "CaNaRy"}

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    def scheduler(self, kind: Kind | None = None, timeout_s: float = 20) -> Scheduler:
        return Scheduler(programs=Programs(environment=self.environment, timeout_s=timeout_s), kind=kind)

    def trouble(self, program: str, code: int | None, text: str = "") -> None:
        """From now on have the program fail, or (None) never end."""
        (self.home / f"trouble-{program}").write_text(json.dumps([code, text]), "utf-8")

    def well(self, program: str) -> None:
        (self.home / f"trouble-{program}").unlink()

    def calls(self) -> list[tuple[str, list[str], str]]:
        """What the programs were told so far: name, arguments, input; the list begins anew."""
        file = self.home / "calls"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [tuple(json.loads(line)) for line in lines]

    def told(self) -> list[str]:
        return [" ".join([name, *words]) for name, words, _ in self.calls()]

    def files(self) -> set[str]:
        """All files but the programs, by their path in the home folder."""
        found = {path.relative_to(self.home).as_posix() for path in self.home.rglob("*") if path.is_file()}
        return {path for path in found if not path.startswith("bin/")} - {"calls"}


def is_windows() -> bool:
    return os.name == "nt"
