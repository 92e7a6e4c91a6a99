#!/bin/sh
# Build the wheel twice, in two folders, and compare: the same source, the same bytes.
#   sh tools/same_bytes.sh .venv/bin/python
set -eu
cd "$(dirname "$0")/.."
home=$PWD
python=$home/$1
step() { sh "$home/tools/step.sh" "$@"; }
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

# some Pythons have the folder that they lie in written into what they link
[ "$(uname -s)" != Linux ] || export LDSHARED="${CC:-cc} -shared"
for time in first second; do
    mkdir -p "$trial/$time/source"
    git archive HEAD | tar -x -C "$trial/$time/source"
    step "the wheel, the $time time" "$python" -m pip wheel --quiet --no-deps \
        --no-build-isolation --wheel-dir "$trial/$time/made" "$trial/$time/source"
done
cd "$trial"
for wheel in first/made/*.whl; do
    cmp "$wheel" "second/made/${wheel##*/}"
    echo "the same bytes twice: ${wheel##*/}"
done
