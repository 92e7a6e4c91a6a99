#!/bin/sh
# Say plainly what this machine lacks for a build: Python, venv, headers, a compiler.
python="${1:-python3}"

fail() {
    echo "fastorder: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "Python 3.10 or newer is needed, '$python' was not found (set PYTHON=...)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "Python 3.10 or newer is needed, $python is $("$python" -V 2>&1)"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "Python's venv module is needed, $python has none (Debian: apt install python3-venv)"
compiler=$("$python" -c 'import os, sysconfig; print(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")')
command -v "${compiler%% *}" >/dev/null 2>&1 ||
    fail "a C compiler is needed, '${compiler%% *}' was not found (Debian: apt install gcc libc6-dev)"
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -f "$include/Python.h" ] ||
    fail "Python's C headers are needed, $include/Python.h is missing (Debian: apt install python3-dev)"
scratch=$(mktemp -d) || fail "a folder for temporary files is needed"
trap 'rm -rf "$scratch"' EXIT
echo 'int main(void) { return 0; }' >"$scratch/probe.c"
$compiler "$scratch/probe.c" -o "$scratch/probe" 2>"$scratch/why" ||
    fail "a working C compiler is needed, '$compiler' failed: $(head -n 1 "$scratch/why")"
