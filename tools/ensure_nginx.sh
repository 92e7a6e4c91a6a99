#!/bin/sh
# The benchmarks' server: nginx from the system's packages, where that is possible.
command -v nginx >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "fastorder: installing nginx-light for the benchmarks" >&2
    apt-get install --yes --quiet nginx-light >/dev/null 2>&1 && exit 0
    apt-get update --quiet >/dev/null 2>&1
    apt-get install --yes --quiet nginx-light >/dev/null 2>&1 && exit 0
fi
echo "fastorder: nginx was not found and could not be installed; the benchmarks use the" \
    "simulator, whose own time is then part of every round trip" >&2
