"""``python -m fastorder``: the command line."""

import sys

from fastorder.cli import main

if __name__ == "__main__":
    sys.exit(main())
