"""The command line: parse, call, print, exit; no judging."""

import os
import sys


def main() -> int:
    """Run the command that the process was started with; returns its exit code."""
    from diag.cli.streams import prepare

    out, err = prepare()
    from diag.cli.app import run, unwritten

    code = run(sys.argv[1:], os.environ)
    out.flush()
    if out.refused is not None:
        code = unwritten(out.refused, sys.argv[1:], os.environ)
    err.flush()
    return code
