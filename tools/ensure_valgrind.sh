#!/bin/sh
# What counts instructions: valgrind from the system's packages, where that is possible.
command -v valgrind >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "fastorder: installing valgrind to count instructions" >&2
    apt-get install --yes --quiet valgrind >/dev/null 2>&1 && exit 0
    apt-get update --quiet >/dev/null 2>&1
    apt-get install --yes --quiet valgrind >/dev/null 2>&1 && exit 0
fi
echo "fastorder: valgrind was not found and could not be installed" >&2
exit 1
