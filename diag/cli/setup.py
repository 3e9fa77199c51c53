"""`diag setup`: the two applications diag works with."""

from diag.cli.command import Call, Command
from diag.cli.options import ADMIN, BY_ITSELF, REPORT, SIGNING_IN, options
from diag.sentence import say


def _run(call: Call) -> int:
    from diag.cli.setting_up import set_up

    return set_up(call, COMMAND.options)


COMMAND = Command(
    name="setup",
    help=say("Register the two applications diag works with, and see which permission is missing."),
    run=_run,
    options=options(
        (
            *SIGNING_IN,
            *BY_ITSELF,
            *("graph-url", "app-only", "unattended", "check", "yes"),
            *("timeout", "verbose"),
            *REPORT,
        ),
        of=ADMIN,
    ),
    epilog=say(
        "Sign in with an application that may register others (Application.ReadWrite.All); without --admin-client-id"
        " it is told how the first one is made by hand. Without --yes everything is shown first, and made only once"
        " somebody says yes; run again, it completes what lacks. Exit codes: 0 made, shown or nothing to do; 1 not"
        " made, something wrong, or a permission missing; 2 wrong usage; 3 nobody could be asked."
    ),
)
