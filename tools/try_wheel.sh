#!/bin/sh
# Try a wheel in an empty environment, elsewhere, with nothing on the path that could
# compile: the demo, and the tests of an order's whole way.
#   sh tools/try_wheel.sh python3.12 dist/fastorder-0.1.0-cp312-*.whl
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
interpreter=$1
wheel=$(cd "$(dirname "$2")" && pwd)/${2##*/}
step() { sh "$home/tools/step.sh" "$@"; }
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT

"$interpreter" -m venv "$trial/env"
python=$trial/env/bin/python
mkdir "$trial/tests"
for name in conftest canary plain_http store_server \
    test_blocking test_codec test_idempotency test_outcomes; do
    cp "$home/tests/$name.py" "$trial/tests"
done
cp "$home/examples/demo.py" "$trial"
cd "$trial"
step "  a pip that knows groups" env PATH="$trial/env/bin" CC=/nowhere/cc \
    "$python" -m pip install --quiet --upgrade "pip>=25.1"
step "  the wheel without a compiler" env PATH="$trial/env/bin" CC=/nowhere/cc \
    "$python" -m pip install --quiet --only-binary :all: \
    --group "$home/pyproject.toml:demo" hypothesis pytest pytest-xdist uvloop "$wheel"
env PATH="$trial/env/bin" "$python" demo.py
step "  tests of an order's way" env PATH="$trial/env/bin" \
    "$python" -m pytest -q -p no:cacheprovider tests
