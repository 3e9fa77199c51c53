"""`diag lab list|run`: the simulated tenant."""

from diag.cli.command import Argument, Call, Command, Group
from diag.cli.options import REPORTING, options
from diag.sentence import say

_SECRETS = ("DIAG_TOKEN", "DIAG_CLIENT_SECRET")


def _list(call: Call) -> int:
    import sys

    from diag.cli.settings import settings
    from diag.subject import InvalidInputError

    language = settings(call.options, call.environment, LIST.options).language(call.language)
    try:
        from diag.lab import load_scenario, scenario_names
    except ModuleNotFoundError as missing:
        if missing.name is not None and missing.name.startswith("diag"):
            raise
        raise InvalidInputError(
            say("The lab is not installed: install diag with its extra, as in 'pip install \"diag[lab]\"'.")
        ) from missing
    names = scenario_names()
    widest = max((len(name) for name in names), default=0)
    for name in names:
        sys.stdout.write(f"{name:<{widest}}  {load_scenario(name).title.in_language(language)}\n")
    return 0


def _run(call: Call) -> int:
    """Run a scenario as it is written: settings and secrets kept for the real tenant do not mix with it."""
    from diag.cli.examine import examine
    from diag.cli.settings import settings

    said = settings(call.options, call.environment, RUN.options, outside=(*REPORTING, "timeout").__contains__)
    alone = Call(
        arguments=call.arguments,
        options=call.options,
        environment={name: value for name, value in call.environment.items() if name not in _SECRETS},
        language=call.language,
    )
    return examine(None, call.arguments["scenario"], said, alone)


LIST = Command(
    name="list",
    help=say("Name the scenarios that come with diag."),
    run=_list,
    options=options(("lang", "config")),
)
RUN = Command(
    name="run",
    help=say("Examine the mailbox of a scenario, as 'diag scan-to-email --lab' does."),
    run=_run,
    arguments=(Argument("scenario", say("NAME|FILE"), say("Name of a scenario, or a file that holds one.")),),
    options=options(without=("lab",)),
)
GROUP = Group("lab", say("A simulated tenant on this computer, for demonstrations, training and tests."), (LIST, RUN))
