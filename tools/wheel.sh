#!/bin/sh
# Build an sdist, and from it a wheel for each CPython of this machine that other Linux
# machines take; try each where there is no compiler and no checkout.
#   sh tools/wheel.sh .venv/bin/python [3.12 3.13]
set -eu
cd "$(dirname "$0")/.."
home=$PWD
python=$home/$1
shift
step() { sh "$home/tools/step.sh" "$@"; }
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
rm -rf dist
mkdir dist

"$python" tools/interpreters.py "$@" >"$trial/pythons"
step "what wheels are made with" "$python" -m pip install --quiet --group wheel
step "an sdist" "$python" -m build --sdist --outdir dist .

while read -r interpreter; do
    tag=$("$interpreter" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
    made=$trial/$tag
    builder=$made/env/bin/python
    echo "$tag: $interpreter"
    step "  an environment that builds" "$interpreter" -m venv "$made/env"
    step "  a pip that does" "$builder" -m pip install --quiet --upgrade "pip>=25.1"
    # some Pythons have the folder that they lie in written into what they link
    [ "$(uname -s)" != Linux ] || export LDSHARED="${CC:-cc} -shared"
    step "  a wheel from the sdist" "$builder" -m pip wheel --quiet --no-deps \
        --wheel-dir "$made" dist/fastorder-*.tar.gz
    unset LDSHARED
    if [ "$(uname -s)" = Linux ]; then
        step "  what it asks of a machine" env PATH="$(dirname "$python"):$PATH" \
            "$python" -m auditwheel repair --wheel-dir dist "$made"/*.whl
    else
        cp "$made"/*.whl dist/
    fi
    wheel=$(echo dist/fastorder-*-"$tag"-*.whl)
    "$python" tools/check_wheel.py "$wheel"
    sh tools/try_wheel.sh "$interpreter" "$wheel"
done <"$trial/pythons"
ls -l dist
