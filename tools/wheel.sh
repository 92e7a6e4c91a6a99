#!/bin/sh
# Build an sdist, and from it a wheel that other Linux machines take; try it where there
# is no compiler and no checkout.
#   sh tools/wheel.sh .venv/bin/python
set -eu
cd "$(dirname "$0")/.."
home=$PWD
python=$home/$1
step() { sh "$home/tools/step.sh" "$@"; }
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
rm -rf dist

# some Pythons have the folder that they lie in written into what they link
[ "$(uname -s)" != Linux ] || export LDSHARED="${CC:-cc} -shared"
step "what wheels are made with" "$python" -m pip install --quiet --group wheel
step "an sdist, and a wheel from it" "$python" -m build --outdir "$trial/made" .
mkdir dist
cp "$trial"/made/*.tar.gz dist/
if [ "$(uname -s)" = Linux ]; then
    step "what it asks of a machine" env PATH="$(dirname "$python"):$PATH" \
        "$python" -m auditwheel repair --wheel-dir dist "$trial"/made/*.whl
else
    cp "$trial"/made/*.whl dist/
fi
"$python" tools/check_wheel.py dist/*.whl

# an empty environment, elsewhere, and nothing on the path that could compile
"$python" -m venv "$trial/env"
cp examples/demo.py "$trial"
cd "$trial"
empty=$trial/env/bin
step "a pip that knows groups" env PATH="$empty" CC=/nowhere/cc \
    "$empty/python" -m pip install --quiet --upgrade "pip>=25.1"
step "the wheel without a compiler" env PATH="$empty" CC=/nowhere/cc \
    "$empty/python" -m pip install --quiet --only-binary :all: \
    --group "$home/pyproject.toml:demo" "$home"/dist/*.whl
env PATH="$empty" "$empty/python" demo.py
