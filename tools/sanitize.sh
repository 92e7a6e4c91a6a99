#!/bin/sh
# Build with ASan and UBSan in an environment of its own, and run the tests on it.
set -eu
cd "$(dirname "$0")/.."
[ -d .venv-sanitize ] || ${PYTHON:-python3} -m venv .venv-sanitize
bin=.venv-sanitize/bin
$bin/python -m pip install --quiet --upgrade "pip>=25.1"
$bin/python -m pip install --quiet --group build --group test
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
$bin/python -c "import nox; print(*nox.project.load_toml()['project']['dependencies'], sep='\n')" >"$tree/needed"
$bin/python -m pip install --quiet -r "$tree/needed"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -C "$tree" -xf -
home=$PWD
cd "$tree"
FASTORDER_BUILD=debug "$home/$bin/python" setup.py --quiet build_ext --inplace
# CPython frees little at its end, so leaks are judged by the leak test, not here
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:halt_on_error=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
export PYTHONMALLOC=malloc FASTORDER_SANITIZED=1 PYTHONPATH="$tree"
# a traceback as Python shows it: to show sources, pytest parses them, and CPython 3.11 can
# fail in that while another thread parses too; the run and what it had found were lost
# fewer at a time than else: each takes three times as long, and none has more time
"$home/$bin/python" -m pytest -n 3 --dist worksteal --tb native -p no:cacheprovider "$@"
