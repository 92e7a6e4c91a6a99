"""``python -m fastorder.cli``: the same program."""

import sys

from fastorder.cli import main

sys.exit(main())
