#!/bin/sh
# Say what is being done, do it, and say how many seconds it took.
#   sh tools/step.sh "compiling" make-it --so
# What it prints is shown where it fails.
set -u
what=$1
shift
printf '%s ... ' "$what"
said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
began=$(date +%s)
if "$@" >"$said" 2>&1; then
    echo "$(($(date +%s) - began)) s"
else
    status=$?
    echo "failed"
    cat "$said" >&2
    exit "$status"
fi
