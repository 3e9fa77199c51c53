"""`diag scan-to-email MAILBOX`: the diagnosis."""

from diag.cli.command import Argument, Call, Command
from diag.cli.options import ADMIN, options
from diag.sentence import say


def _run(call: Call) -> int:
    from diag.cli import answer
    from diag.cli.examine import examine
    from diag.cli.settings import settings

    said = settings(call.options, call.environment, COMMAND.options, tables=(ADMIN, COMMAND.name))
    diagnosis, evidence = examine(call.arguments["mailbox"], said.text("lab"), said, call)
    return answer.deliver(diagnosis, evidence, said, call.language)


_EXITS = say(
    "Exit codes: 0 healthy; 1 a cause was found; 2 wrong usage; 3 inconclusive; 4 diag itself broke; 5 changed, not yet"
    " effective. Every option but --fix, --yes, --anyway and --ticket can also be set in the environment"
    " (DIAG_SMTP_HOST for --smtp-host) and under [scan-to-email] in diag.toml, those of the administrator also under"
    " [admin]; secrets come from files, standard input, DIAG_TOKEN, DIAG_CLIENT_SECRET or DIAG_ADMIN_CLIENT_SECRET."
)

COMMAND = Command(
    name="scan-to-email",
    help=say("Find out why a scanner cannot send its scans through Exchange Online."),
    run=_run,
    arguments=(
        Argument(
            "mailbox",
            say("MAILBOX"),
            say("Address of the mailbox the scanner signs in with."),
            say("Give the address of the mailbox that the scanner signs in with, like scanner@contoso.com."),
        ),
    ),
    options=options(),
    epilog=_EXITS,
)
