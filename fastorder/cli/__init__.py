"""``fastorder`` on a command line: what a trader asks and does, typed."""

import sys

NOT_INSTALLED = "the command line needs typer and rich: pip install 'fastorder[cli]'"


def main() -> int:
    """Run one command; its exit code."""
    try:
        from fastorder.cli.program import run
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich"):
            raise
        print(f"fastorder: {NOT_INSTALLED}", file=sys.stderr)
        return 1
    return run(sys.argv[1:])
