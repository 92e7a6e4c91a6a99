#!/bin/sh
# Collect the tests and run none: what Python and pytest compile of them is kept, so that
# each process of a parallel run need not compile all of it for itself.
#   sh tools/read_tests.sh .venv/bin/python
set -eu
"$1" -m pytest --collect-only --quiet tests/test_[a-l]*.py &
"$1" -m pytest --collect-only --quiet tests/test_[m-z]*.py
wait $!
