"""``fastorder`` on a command line: what a trader asks and does, typed."""

import sys

from fastorder.cli.interrupted import INTERRUPTED
from fastorder.cli.streams import have_outputs

NOT_INSTALLED = "the command line needs typer and rich: pip install 'fastorder[cli]'"


def main() -> int:
    """Run one command; its exit code."""
    try:
        return _run()
    except KeyboardInterrupt:  # while it was loaded, or while its end was told
        print(f"fastorder: {INTERRUPTED}", file=sys.stderr)
        return 130


def _run() -> int:
    have_outputs()
    try:
        from fastorder.cli.program import run
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich"):
            raise
        print(f"fastorder: {NOT_INSTALLED}", file=sys.stderr)
        return 1
    return run(sys.argv[1:])
