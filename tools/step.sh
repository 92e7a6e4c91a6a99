#!/bin/sh
# Say what is being done, do it, and say how many seconds it took.
#   sh tools/step.sh "compiling" make-it --so
# What it prints is shown where it fails. STEP_IN_ONE_LINE=1 says all of it at the
# end: for steps that run beside each other.
set -u
what=$1
shift
line="$what ... "
if [ -z "${STEP_IN_ONE_LINE-}" ]; then
    printf '%s' "$line"
    line=
fi
said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
began=$(date +%s)
if "$@" >"$said" 2>&1; then
    echo "$line$(($(date +%s) - began)) s"
else
    status=$?
    echo "${line}failed"
    cat "$said" >&2
    exit "$status"
fi
