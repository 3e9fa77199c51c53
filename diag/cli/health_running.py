"""`diag health run` and `discover`: options into a ground and an inventory, results into a report."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import checks
from diag import __version__, catalogue, wiring
from diag.cli import answer
from diag.cli.command import Call
from diag.cli.exits import Exit
from diag.cli.health_delivering import Delivering, recipients
from diag.cli.health_reading import Keep, Reading, shown, written
from diag.cli.loop import complete
from diag.cli.options import HEALTH, SETTINGS_FROM, Option
from diag.cli.progress import Aside, Watcher
from diag.cli.settings import Settings, settings
from diag.cli.terminal import Terminal
from diag.cli.wanted import log_level, options_of
from diag.fleet.bounds import Bounds
from diag.fleet.inventory import Duplicate, count, read
from diag.fleet.running import Means, examine_all
from diag.fleet.tenancy import tenancies
from diag.health.delivery import Recipient
from diag.health.run import DEAD_AFTER, BadRow, History, Run, UnderWayError
from diag.health.scanner import Scanner
from diag.health.tenant import scanners
from diag.language import translator
from diag.logs import configure
from diag.obstacle import NotAnswered
from diag.sentence import say
from diag.setting import LedgerError
from diag.store import open_history
from diag.subject import InvalidInputError, printable
from diag.wiring.fleet import Fleet, Inventoried, fleet
from reports import HEALTH_FORMATS, inventory_csv

_BOUNDS = Bounds()
_MOST_AT_ONCE = 1000
_LONGEST_SERIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mailboxes:
    """Where the mailboxes come from: a file, or (None) the tenant or the lab itself; `shown` is how that is told."""

    file: Path | None
    shown: str
    series: str

    def check(self) -> None:
        """Raise `InvalidInputError` for a file that cannot be used, before a run begins over it."""
        if self.file is not None:
            with closing(read(self.file)) as rows:
                next(rows, None)

    @property
    def inventoried(self) -> Inventoried:
        """What the file says of tenants."""
        if self.file is None:
            return Inventoried()
        known = {tenancy.realm: tenancy for tenancy in tenancies(self.file)}
        return Inventoried(tenancies=known, folder=self.file.parent)


def _mailboxes(call: Call, said: Settings) -> _Mailboxes:
    named = [Path(word) for word in call.words] or [path for path in (said.path("inventory"),) if path]
    lab, series = said.text("lab"), said.text("series")
    if len(named) > 1:
        raise InvalidInputError(say("Give one inventory; one in TOML can include several CSV files."))
    discovers = said.is_set("discover")
    if discovers and call.words:
        raise InvalidInputError(say("Give either an inventory or --discover, not both."))
    if discovers:
        return _Mailboxes(file=None, shown="--discover", series=series or "discovered")
    if not named and lab is None:
        raise InvalidInputError(
            say(
                "Give an inventory, a CSV or TOML file that names the mailboxes, or --discover to find them in the"
                " tenant."
            )
        )
    if not named:
        return _Mailboxes(file=None, shown=f"--lab {lab}", series=series or "lab")
    return _Mailboxes(file=named[0], shown=printable(str(named[0]), 200), series=series or named[0].stem)


def _series(mailboxes: _Mailboxes) -> str:
    series = mailboxes.series
    if not series.strip() or not series.isprintable() or len(series) > _LONGEST_SERIES:
        raise InvalidInputError(say("'{shown}' is no name for a series of runs.", shown=printable(series, 40)))
    return series


def _bounds(said: Settings) -> Bounds:
    return replace(
        _BOUNDS,
        tenant=said.number("per-tenant", _BOUNDS.tenant, least=1, most=_MOST_AT_ONCE),
        site=said.number("per-site", _BOUNDS.site, least=1, most=_MOST_AT_ONCE),
        total=said.number("at-once", _BOUNDS.total, least=1, most=_MOST_AT_ONCE),
        alike=said.number("stop-after", _BOUNDS.alike, least=0, most=1_000_000),
    )


def _options(said: Settings, call: Call) -> wiring.Options:
    lab = said.text("lab")
    source = said.choice("settings-from", SETTINGS_FROM)
    wanted = options_of(None, lab, said, call)
    return replace(wanted, settings_from=source or ("graph" if lab else "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one call of `diag health run` asks for."""

    said: Settings
    level: str
    options: wiring.Options
    bounds: Bounds
    mailboxes: _Mailboxes
    series: str
    reading: Reading
    keep: Keep
    to: tuple[Recipient, ...]


def understood(call: Call, asked: Sequence[Option]) -> Wish:
    """Return what is asked for; raises `InvalidInputError` for whatever of it cannot be used."""
    said = settings(call.options, call.environment, asked, tables=(HEALTH,))
    answer.check(said, call.language, HEALTH_FORMATS)
    mailboxes = _mailboxes(call, said)
    mailboxes.check()
    return Wish(
        said=said,
        level=log_level(call),
        options=_options(said, call),
        bounds=_bounds(said),
        mailboxes=mailboxes,
        series=_series(mailboxes),
        reading=Reading.of(said),
        keep=Keep.of(said),
        to=recipients(said),
    )


def run(call: Call, asked: Sequence[Option]) -> int:
    """Run over the mailboxes, report, deliver; returns the exit code."""
    wish = understood(call, asked)
    person = Terminal(translator(wish.said.language(call.language)), verbose=wish.said.verbose)
    aside = Aside()
    with person, fleet(wish.options, aside, wish.mailboxes.inventoried, call.environment) as ground:
        configure(wish.level, ground.redactor.clean)
        return complete(_kept_open(wish.options, _Work(wish, call, ground, person, aside)))


@dataclass(slots=True)
class _Work:
    """One call of `diag health run`, once everything that was typed is understood."""

    wish: Wish
    call: Call
    ground: Fleet
    person: Terminal
    aside: Aside
    began: int | None = None

    async def run(self, history: History) -> int:
        """Examine, report, deliver."""
        at = self.ground.clock.now()
        rows, total = await self._rows()
        run = await self._begun(history, at)
        self.began = run.id
        means = Means(
            ground=self.ground,
            history=history,
            clock=self.ground.clock,
            checks=checks.CHECKS,
            catalogue=catalogue.load(),
            bounds=self.wish.bounds,
            keeps_evidence=not self.wish.said.is_set("no-evidence"),
        )
        post = Delivering(self.ground, self.person, history, self.wish.said, self.call)
        await post.begin(run, self.wish.to)
        with Watcher(self.person, self.aside, total) as watcher:
            run = await examine_all(rows, run, means, watcher)
        self.began = None
        report = await self.wish.reading.report(history, run, self.ground.clock.now())
        unwritten: InvalidInputError | None = None
        code: int = Exit.USAGE
        try:
            code = written(report, self.wish.said, self.call.language)
        except InvalidInputError as problem:  # those who wait for it are not to miss it for that
            unwritten = problem
        reached = await post.deliver(report, self.wish.to)
        try:
            await self.wish.keep.prune(history, self.ground.clock.now())
        except LedgerError as problem:  # the next run removes it
            self.person.say(say("What is old was not removed: {why}", why=problem.sentence))
        if unwritten is not None:
            raise unwritten
        return Exit.INCONCLUSIVE if code == Exit.HEALTHY and not reached else code

    async def _begun(self, history: History, at: datetime) -> Run:
        try:
            if self.wish.said.is_set("resume"):
                if (cut_off := await self._taken_up(history)) is not None:
                    return cut_off
                self.person.say(say("No run of '{series}' was cut off: this is a new one.", series=self.wish.series))
            return await history.begin(
                series=self.wish.series, inventory=self.wish.mailboxes.shown, diag_version=__version__, at=at
            )
        except UnderWayError as problem:
            raise InvalidInputError(
                say(
                    "Run {number} of '{series}' is under way (last seen {time} UTC). If it was cut off, take it up with"
                    " --resume in a moment.",
                    number=problem.run.id,
                    series=self.wish.series,
                    time=f"{problem.run.seen_at:%H:%M:%S}",
                )
            ) from None

    async def _taken_up(self, history: History) -> Run | None:
        """Take up the run that was cut off; one that may still be under way is waited for, as long as that may be."""
        clock, waited = self.ground.clock, timedelta(0)
        while True:
            try:
                cut_off = await history.resume(series=self.wish.series, at=clock.now())
            except UnderWayError as problem:
                if waited > DEAD_AFTER:  # it gives signs of life all the while
                    raise
                self.person.progress(
                    say("Waiting to see whether run {number} is still under way", number=problem.run.id)
                )
                await clock.sleep(1)
                waited += timedelta(seconds=1)
                continue
            if cut_off is not None and cut_off.inventory != self.wish.mailboxes.shown:
                raise InvalidInputError(
                    say(
                        "Run {number} of '{series}', which was cut off, was over {inventory}: take it up with that, or"
                        " begin another without --resume.",
                        number=cut_off.id,
                        series=self.wish.series,
                        inventory=cut_off.inventory,
                    )
                )
            if cut_off is not None:
                self.person.say(
                    say(
                        "Run {number} of '{series}' was cut off: it goes on.",
                        number=cut_off.id,
                        series=self.wish.series,
                    )
                )
            return cut_off

    async def _rows(self) -> tuple[Iterable[Scanner | BadRow | Duplicate], int | None]:
        file = self.wish.mailboxes.file
        if file is None and not self.wish.said.is_set("discover"):
            file = self.ground.inventory
        if file is not None:
            return self._read(file), count(file)
        found = await _found(self.ground, self.person)
        return found, len(found)

    def _read(self, file: Path) -> Iterator[Scanner | BadRow | Duplicate]:
        """Read an inventory; the tenant that was given is that of whoever has none."""
        tenant = self.ground.options.tenant
        for row in read(file, self.person.say):
            if isinstance(row, Scanner) and tenant and not row.tenant:
                yield replace(row, tenant=tenant)
            else:
                yield row


async def _kept_open(wanted: wiring.Options, work: _Work) -> int:
    """Hold the history open, and the ledger of changes where there is one."""
    at = wiring.ledger_of(wanted)
    try:
        async with open_history(at) as history, wiring.ledger_if_there(at) as ledger:
            work.ground.ledger = ledger
            return await work.run(history)
    except LedgerError as problem:
        if work.began is None:
            raise InvalidInputError(problem.sentence) from None
        goes_on = say(
            "{why} What was kept of run {number} stays; --resume goes on with it.",
            why=problem.sentence,
            number=work.began,
        )
        raise InvalidInputError(goes_on) from None
    except asyncio.CancelledError:
        if work.began is not None:
            work.person.say(say("Run {number} was interrupted; --resume goes on with it.", number=work.began))
        raise


async def _found(ground: Fleet, person: Terminal) -> tuple[Scanner, ...]:
    """Find the mailboxes of the tenant; what could not be asked is said."""
    person.progress(say("Looking for mailboxes that devices send from"))
    senders = await ground.senders()
    if isinstance(senders, NotAnswered):
        raise InvalidInputError(senders.because)
    for place in ground.unasked:
        person.say(
            say(
                "There may be more mailboxes, since {what} could not be read: {why}", what=place.what, why=place.because
            )
        )
    return scanners(senders, ground.options.tenant or "")


def discover(call: Call, asked: Sequence[Option]) -> int:
    """Print the mailboxes that were found, as an inventory; returns the exit code."""
    said = settings(call.options, call.environment, asked, tables=(HEALTH,))
    answer.check(said, call.language)
    level, wanted = log_level(call), _options(said, call)
    if wanted.tenant is None and wanted.lab is None:
        raise InvalidInputError(say("Say in which tenant to look: --tenant TENANT."))
    person = Terminal(translator(said.language(call.language)), verbose=said.verbose)
    with person, fleet(wanted, person, Inventoried(), call.environment) as ground:
        configure(level, ground.redactor.clean)
        found = complete(_found(ground, person))
    return shown(inventory_csv.render(found), said)
