"""Lists the CPythons of this machine that a wheel is made for, a path on each line.

python tools/interpreters.py [3.12 3.13]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
PROBE = (
    "import sys, sysconfig, os, venv, ensurepip;"
    "print(sys.implementation.name, '%d.%d' % sys.version_info[:2],"
    " sys.version_info.releaselevel,"
    " os.path.exists(sysconfig.get_path('include') + '/Python.h'),"
    " sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
)
"""It can make environments, it has C headers, it is released, it has a GIL."""


def candidates(version: str) -> list[str]:
    """Programs that may be it: that of the path, then pyenv's from the newest."""
    found = [shutil.which(f"python{version}")]
    kept = sorted(PYENV.glob(f"{version}.*/bin/python"), key=_number, reverse=True)
    return [each for each in (*found, *map(str, kept)) if each is not None]


def _number(path: Path) -> list[int]:
    return [int(part) for part in path.parts[-3].split(".") if part.isdecimal()]


def is_usable(program: str, version: str) -> bool:
    """Whether a wheel can be made with it."""
    done = subprocess.run(  # noqa: S603 (interpreters of this machine)
        [program, "-c", PROBE], capture_output=True, text=True, check=False
    )
    return done.stdout.split() == ["cpython", version, "final", "True", "0"]


def interpreters(versions: tuple[str, ...] = VERSIONS) -> list[str]:
    """One of each version that is here."""
    found = []
    for version in versions:
        usable = (each for each in candidates(version) if is_usable(each, version))
        first = next(usable, None)
        if first is not None:
            found.append(first)
    return found


def main() -> int:
    """List them; 1 where one that was named is not here."""
    wanted = tuple(sys.argv[1:]) or VERSIONS
    found = interpreters(wanted)
    print("\n".join(found))
    if sys.argv[1:] and len(found) < len(wanted):
        print(f"CPython {', '.join(wanted)} must be installed", file=sys.stderr)
        return 1
    return int(not found)


if __name__ == "__main__":
    sys.exit(main())
