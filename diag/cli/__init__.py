"""The command line: parse, call, print, exit; no judging."""

import os
import sys


def main() -> int:
    """Run the command that the process was started with; returns its exit code."""
    from diag.cli.app import run

    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, and never a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:], os.environ)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the report has read enough; keep the interpreter from trying once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
