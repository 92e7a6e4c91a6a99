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

# the tests that try a wheel: the order's whole way, over a socket
mkdir "$trial/tests"
cp tests/conftest.py tests/canary.py tests/plain_http.py tests/store_server.py "$trial/tests"
for name in test_blocking test_codec test_idempotency test_outcomes; do
    [ ! -f "tests/$name.py" ] || cp "tests/$name.py" "$trial/tests"
done

while read -r interpreter; do
    version=$("$interpreter" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    made=$trial/made-$version
    # some Pythons have the folder that they lie in written into what they link
    [ "$(uname -s)" != Linux ] || export LDSHARED="${CC:-cc} -shared"
    step "the wheel for $version" "$interpreter" -m venv "$trial/build-$version"
    builder=$trial/build-$version/bin/python
    step "  a pip that builds" "$builder" -m pip install --quiet --upgrade "pip>=25.1"
    step "  compiled from the sdist" "$builder" -m pip wheel --quiet --no-deps \
        --wheel-dir "$made" dist/fastorder-*.tar.gz
    unset LDSHARED
    if [ "$(uname -s)" = Linux ]; then
        step "  what it asks of a machine" env PATH="$(dirname "$python"):$PATH" \
            "$python" -m auditwheel repair --wheel-dir "$made/repaired" "$made"/*.whl
        cp "$made"/repaired/*.whl dist/
    else
        cp "$made"/*.whl dist/
    fi
    wheel=$(ls dist/fastorder-*-"cp$(echo "$version" | tr -d .)"-*.whl)
    "$python" tools/check_wheel.py "$wheel"

    # an empty environment, elsewhere, and nothing on the path that could compile
    env=$trial/env-$version
    "$interpreter" -m venv "$env"
    cp examples/demo.py "$env"
    empty() { (cd "$env" && env PATH="$env/bin" CC=/nowhere/cc "$env/bin/python" "$@"); }
    step "  a pip that knows groups" env PATH="$env/bin" CC=/nowhere/cc \
        "$env/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
    step "  the wheel without a compiler" env PATH="$env/bin" CC=/nowhere/cc \
        "$env/bin/python" -m pip install --quiet --only-binary :all: \
        --group "$home/pyproject.toml:demo" pytest hypothesis uvloop "$wheel"
    empty demo.py
    (cd "$trial" && step "  its order path, tested" env PATH="$env/bin" \
        "$env/bin/python" -m pytest -q -p no:cacheprovider tests)
done <"$trial/pythons"
ls -l dist
