"""The systemd of a user, told of the nightly run."""

from dataclasses import dataclass
from pathlib import Path

from diag import files
from diag.adapters.programs import Programs, RefusedError
from diag.health.schedule import Kind, Plan, Schedule, Written, no_environment
from diag.health.schedule_systemd import unit_name, units
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

_SYSTEMCTL = ("systemctl", "--user")


@dataclass(frozen=True, slots=True)
class Systemd:
    """Units in the user's own folder."""

    programs: Programs

    @property
    def answers(self) -> bool:
        """Whether there is a systemd for this user that runs."""
        return self.programs.run(*_SYSTEMCTL, "show", "--property=Version").is_good

    def plan(self, schedule: Schedule) -> Plan:
        """Return what installing does."""
        made = units(schedule)
        return Plan(
            kind=Kind.SYSTEMD,
            written=(
                Written(path=self._folder / made.service_name, text=made.service),
                Written(path=self._folder / made.timer_name, text=made.timer),
            ),
            run=(
                (*_SYSTEMCTL, "daemon-reload"),
                (*_SYSTEMCTL, "enable", made.timer_name),
                (*_SYSTEMCTL, "restart", made.timer_name),
            ),
            hints=(no_environment(), *self._linger()),
        )

    def is_there(self, plan: Plan, schedule: Schedule) -> bool:
        """Whether the units are as planned, and the timer is on."""
        timer = f"{unit_name(schedule.name)}.timer"
        same = all(one.path is not None and _content(one.path) == one.text for one in plan.written)
        return same and all(self.programs.run(*_SYSTEMCTL, ask, timer).is_good for ask in ("is-enabled", "is-active"))

    def carry_out(self, plan: Plan) -> None:
        """Write the units and switch the timer on."""
        for one in plan.written:
            if one.path is not None:
                _write(one.path, one.text)
        for command in plan.run:
            self.programs.done(*command)

    def told(self, name: str) -> str:
        """Return both units."""
        return "\n".join(text for path in self._files(name) if (text := _content(path)))

    def forget(self, name: str) -> None:
        """Switch the timer off and remove the units."""
        self.programs.done(*_SYSTEMCTL, "disable", "--now", f"{unit_name(name)}.timer")
        for path in self._files(name):
            _unlink(path)
        self.programs.done(*_SYSTEMCTL, "daemon-reload")

    @property
    def _folder(self) -> Path:
        environment = self.programs.environment
        home = Path(environment.get("HOME") or Path.home())
        return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "systemd" / "user"

    def _files(self, name: str) -> tuple[Path, ...]:
        return tuple(self._folder / f"{unit_name(name)}.{kind}" for kind in ("timer", "service"))

    def _linger(self) -> tuple[Sentence, ...]:
        """Say what makes a user's timers run while the user is not signed in, unless that was done."""
        user = self.programs.environment.get("USER") or self.programs.environment.get("LOGNAME") or ""
        if user and self.programs.run("loginctl", "show-user", "--property=Linger", user).out.strip() == b"Linger=yes":
            return ()
        return (
            say(
                "systemd runs the timers of a user only while that user is signed in, unless this is run once:"
                " {command}",
                command=f"loginctl enable-linger {user}".strip(),
            ),
        )


def _content(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode(), private=False)
    except InvalidInputError as problem:
        raise RefusedError(problem.sentence) from None
    except OSError as problem:
        shown = printable(str(path), 200)
        raise RefusedError(say("{path} cannot be written: {reason}.", path=shown, reason=files.why(problem))) from None


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as problem:
        shown = printable(str(path), 200)
        raise RefusedError(say("{path} cannot be removed: {reason}.", path=shown, reason=files.why(problem))) from None
