"""`diag lab list|run|inventory|serve|reset`: the simulated tenant."""

import sys
from typing import TYPE_CHECKING

from diag.cli.command import Argument, Call, Command, Group
from diag.cli.options import REPORTING, Option, options
from diag.language import translator
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

if TYPE_CHECKING:
    from types import ModuleType

    from diag.diagnosis import Diagnosis
    from diag.lab import Scenario

_SECRETS = ("DIAG_TOKEN", "DIAG_CLIENT_SECRET", "DIAG_ADMIN_CLIENT_SECRET")


def _lab() -> "ModuleType":
    """Return the package of the lab, whose libraries are an extra of the installation."""
    try:
        from diag import lab
    except ModuleNotFoundError as missing:
        if missing.name is not None and missing.name.startswith("diag"):
            raise
        raise InvalidInputError(
            say("The lab is not installed: install diag with its extra, as in 'pip install \"diag[lab]\"'.")
        ) from missing
    return lab


def scenario(name: str) -> "Scenario":
    """Return a scenario by its name or file; raises `InvalidInputError` for one that cannot be run."""
    found: Scenario = _lab().load_scenario(name)
    return found


def _list(call: Call) -> int:
    from diag.cli.settings import settings

    language = settings(call.options, call.environment, LIST.options).language(call.language)
    names = _lab().scenario_names()
    widest = max((len(name) for name in names), default=0)
    for name in names:
        sys.stdout.write(f"{name:<{widest}}  {scenario(name).title.in_language(language)}\n")
    return 0


def _ending(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _expected(wanted: "Scenario", diagnosis: "Diagnosis") -> Sentence | None:
    """Say how a diagnosis differs from what the scenario expects, in the words of its file; None where it does not."""
    hoped, best = wanted.expect, diagnosis.best
    expected = _ending(hoped.verdict, hoped.cause, hoped.certainty)
    found = _ending(diagnosis.verdict, *((best.cause.id, best.certainty) if best else ()))
    if expected == found:
        return None
    return say("The scenario expects: {expected}; diag found: {found}.", expected=expected, found=found)


def _run(call: Call) -> int:
    """Run a scenario as it is written: settings and secrets kept for the real tenant do not mix with it."""
    from diag import catalogue
    from diag.cli import answer
    from diag.cli.examine import examine
    from diag.cli.settings import settings

    said = settings(call.options, call.environment, RUN.options, outside=(*REPORTING, "timeout").__contains__)
    name = call.arguments["scenario"]
    wanted = scenario(name)
    if wanted.expect.cause and wanted.expect.cause not in catalogue.load().causes:
        raise InvalidInputError(
            say(
                "The scenario {name} expects a cause that there is not: '{cause}'.",
                name=printable(wanted.name),
                cause=printable(wanted.expect.cause),
            )
        )
    alone = Call(
        arguments=call.arguments,
        options=call.options,
        environment={name: value for name, value in call.environment.items() if name not in _SECRETS},
        language=call.language,
    )
    diagnosis, evidence = examine(None, name, said, alone)
    code = answer.deliver(diagnosis, evidence, said, call.language)
    if differs := _expected(wanted, diagnosis):
        print(f"diag: {differs.in_language(translator(call.language))}", file=sys.stderr)  # noqa: T201 - beside the report
    return code


def _inventory(call: Call) -> int:
    """Write the scanners of a scenario to stdout, as the inventory that a run over many mailboxes reads."""
    sys.stdout.write(_lab().inventory_of(scenario(call.arguments["scenario"])))
    return 0


def _serve(call: Call) -> int:
    from diag.cli.serving import serve

    return serve(call, _lab(), scenario(call.arguments["scenario"]), SERVE.options)


def _reset(call: Call) -> int:
    """Forget what was changed in a scenario's tenant, and its ledger."""
    import shutil

    from diag.cli.settings import settings
    from diag.files import why
    from diag.wiring import lab_folder

    language = settings(call.options, call.environment, RESET.options).language(call.language)
    name = call.arguments["scenario"]
    scenario(name)  # refuses what is none, in words
    folder, shown = lab_folder(name), printable(name)
    forgotten = say("The lab {name} is as its scenario says again.", name=shown)
    if not folder.exists():
        forgotten = say("Nothing was changed in the lab {name}.", name=shown)
    try:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
    except OSError as problem:
        raise InvalidInputError(
            say("{path} cannot be removed: {reason}.", path=printable(str(folder), 200), reason=why(problem))
        ) from None
    sys.stdout.write(f"{forgotten.in_language(translator(language))}\n")
    return 0


_SCENARIO = Argument(
    "scenario",
    say("NAME|FILE"),
    say("Name of a scenario, or a file that holds one."),
    say("Give the name of a scenario, or a file that holds one; 'diag lab list' names them."),
)
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
    arguments=(_SCENARIO,),
    options=options(without=("lab", "fix", "yes", "anyway", "wait", "ticket", "ledger")),
)
INVENTORY = Command(
    name="inventory",
    help=say("Print the scanners of a scenario as an inventory (CSV)."),
    run=_inventory,
    arguments=(_SCENARIO,),
    options=options(("lang", "config")),
)
SERVE = Command(
    name="serve",
    help=say("Run a lab until Ctrl-C, for commands in other terminals: --lab FILE leads them to it."),
    run=_serve,
    arguments=(_SCENARIO,),
    options=(
        Option(
            "output",
            say("FILE"),
            say("Write to this file (.json) how to reach the lab; NAME.lab.json if not given."),
            ("lab",),
            typed=True,
        ),
        *options(("lang", "config")),
    ),
)
RESET = Command(
    name="reset",
    help=say("Forget what was changed in the tenant of a scenario, and its ledger."),
    run=_reset,
    arguments=(_SCENARIO,),
    options=options(("lang", "config")),
)
GROUP = Group(
    "lab",
    say("A simulated tenant on this computer, for demonstrations, training and tests."),
    (LIST, RUN, INVENTORY, SERVE, RESET),
)
