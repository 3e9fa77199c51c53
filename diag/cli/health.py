"""`diag health ...`: every scanner mailbox, each night: the run, its report and history, its schedule."""

from collections.abc import Callable

from diag.cli.command import Argument, Call, Command, Group
from diag.cli.options import ASKING, HEALTH, REPORT, options
from diag.sentence import say
from diag.subject import InvalidInputError


def _for_nagios(work: Callable[[Call], int]) -> Callable[[Call], int]:
    """Let what keeps a command from working be told as a plug-in of Nagios tells it, where it was asked to be one."""

    def run(call: Call) -> int:
        if "nagios" not in call.options:
            return work(call)
        try:
            return work(call)
        except InvalidInputError as problem:
            from diag.cli.health_reading import unknown

            return unknown(problem.sentence, call)

    return run


def _run(call: Call) -> int:
    from diag.cli.health_running import run

    return run(call, RUN.options)


def _discover(call: Call) -> int:
    from diag.cli.health_running import discover

    return discover(call, DISCOVER.options)


def _report(call: Call) -> int:
    from diag.cli.health_reading import report

    return report(call, SHOWN.options)


def _history(call: Call) -> int:
    from diag.cli.health_reading import history

    return history(call, HISTORY.options)


def _runs(call: Call) -> int:
    from diag.cli.health_reading import runs

    return runs(call, RUNS.options)


def _rejudge(call: Call) -> int:
    from diag.cli.health_reading import rejudge

    return rejudge(call, REJUDGE.options)


def _prune(call: Call) -> int:
    from diag.cli.health_reading import prune

    return prune(call, PRUNE.options)


def _deliver(call: Call) -> int:
    from diag.cli.health_delivering import deliver_again

    return deliver_again(call, DELIVER.options)


def _install(call: Call) -> int:
    from diag.cli.health_schedule import install

    return install(call, INSTALL.options)


def _show(call: Call) -> int:
    from diag.cli.health_schedule import show

    return show(call, SHOW.options)


def _remove(call: Call) -> int:
    from diag.cli.health_schedule import remove

    return remove(call, REMOVE.options)


_HOW = (
    *("per-tenant", "per-site", "at-once", "stop-after", "no-evidence", "annotations", "deliver", "nagios", "resume"),
    *("keep-runs", "keep-evidence"),
)
_READ = ("lab", "ledger", *REPORT)
_CODES = say(
    "Exit codes: 0 every mailbox sends; 1 something was found; 2 wrong usage; 3 something needed could not be asked; 4"
    " diag broke; 5 all that is wrong was changed and is not effective yet. With --nagios: 0 OK, 1 WARNING, 2 CRITICAL,"
    " 3 UNKNOWN. An inventory says where credentials stand, and never holds one."
)
RUN = Command(
    name="run",
    help=say("Examine every mailbox of an inventory, and report what is broken, what will break and what changed."),
    run=_for_nagios(_run),
    arguments=(
        Argument(
            "inventory",
            say("INVENTORY"),
            say("CSV or TOML files that name the mailboxes."),
            say("Give an inventory: a CSV or TOML file that names the mailboxes."),
            many=True,
        ),
    ),
    options=options((*ASKING, *_HOW, "inventory", "discover", "series", "docs-url", "verbose", *REPORT), of=HEALTH),
    epilog=_CODES,
)
DISCOVER = Command(
    name="discover",
    help=say("Find the mailboxes that devices send from, and print them as an inventory (CSV)."),
    run=_discover,
    options=options((*ASKING, "output", "lang", "config"), of=HEALTH),
)
SHOWN = Command(
    name="report",
    help=say("Show the report of a run that was made."),
    run=_for_nagios(_report),
    options=options((*_READ, "run", "series", "annotations", "docs-url", "nagios"), of=HEALTH),
    epilog=_CODES,
)
HISTORY = Command(
    name="history",
    help=say("Show what the runs found for one mailbox."),
    run=_history,
    arguments=(
        Argument(
            "mailbox",
            say("MAILBOX"),
            say("Address of the mailbox."),
            say("Give the address of the mailbox, like scanner@contoso.com."),
        ),
    ),
    options=options(_READ, of=HEALTH),
)
RUNS = Command(
    name="runs",
    help=say("List the runs, and how many mailboxes they found in each state."),
    run=_runs,
    options=options((*_READ, "series"), of=HEALTH),
)
REJUDGE = Command(
    name="rejudge",
    help=say("Judge the evidence of a run again, with what diag knows today, and show what differs."),
    run=_rejudge,
    options=options((*_READ, "run", "series"), of=HEALTH),
)
PRUNE = Command(
    name="prune",
    help=say("Remove old runs, and old evidence; the last finished run of each series stays."),
    run=_prune,
    options=options(("lab", "ledger", "keep-runs", "keep-evidence", "dry-run", "lang", "config"), of=HEALTH),
)
DELIVER = Command(
    name="deliver",
    help=say("Deliver the report of a run, to those who have not got it yet."),
    run=_deliver,
    options=options(
        (*ASKING, "run", "series", "annotations", "deliver", "docs-url", "dry-run", "verbose", "lang", "config"),
        of=HEALTH,
    ),
)
_SCHEDULED = ("series", "at", "scheduler", "dry-run", "lang", "config")
INSTALL = Command(
    name="install",
    help=say("Have this computer make the run every night; what follows is handed to 'diag health run'."),
    run=_install,
    arguments=RUN.arguments,
    options=options((*_SCHEDULED, "run-as", *ASKING, *_HOW, "discover", "inventory"), of=HEALTH),
)
SHOW = Command(
    name="show",
    help=say("Show the nightly run as it is scheduled here."),
    run=_show,
    arguments=RUN.arguments,
    options=options(_SCHEDULED, of=HEALTH),
)
REMOVE = Command(
    name="remove",
    help=say("Have this computer make the nightly run no more."),
    run=_remove,
    arguments=RUN.arguments,
    options=options(_SCHEDULED, of=HEALTH),
)
SCHEDULE = Group("schedule", say("The nightly run: install it, show it, remove it."), (INSTALL, SHOW, REMOVE))
GROUP = Group(
    "health",
    say("Every scanner mailbox, each night: what is broken, what will break, what changed."),
    (RUN, SHOWN, HISTORY, RUNS, REJUDGE, DISCOVER, DELIVER, SCHEDULE, PRUNE),
)
