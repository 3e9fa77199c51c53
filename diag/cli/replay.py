"""`diag replay FILE`: judge saved evidence again."""

from diag.cli.command import Argument, Call, Command
from diag.cli.options import options
from diag.sentence import say


def _run(call: Call) -> int:
    from pathlib import Path

    import checks
    from diag import archive, catalogue, pipeline
    from diag.cli import answer
    from diag.cli.settings import settings

    said = settings(call.options, call.environment, COMMAND.options)
    answer.check(said, call.language)
    evidence = archive.load(Path(call.arguments["file"]))
    return answer.deliver(pipeline.replay(evidence, checks.CHECKS, catalogue.load()), evidence, said, call.language)


COMMAND = Command(
    name="replay",
    help=say("Judge saved evidence again, on any computer, without any network."),
    run=_run,
    arguments=(
        Argument(
            "file",
            say("FILE"),
            say("Evidence that --evidence saved."),
            say("Give the file with the evidence that --evidence saved."),
        ),
    ),
    options=options(("format", "output", "docs-url", "lang", "verbose", "config")),
)
