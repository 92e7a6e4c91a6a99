"""Say what a wheel holds, and fail where it holds what users have no need of.

python tools/check_wheel.py dist/fastorder-*.whl
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

MIB = 1 << 20
MOST_BYTES = 6_000_000
NEEDED = (
    "fastorder/__init__.py",
    "fastorder/py.typed",
    "fastorder/_core/flow/ticket.pyi",
)
UNWANTED = (".c", ".h", ".pxd", ".pyx")


def faults(wheel: Path) -> list[str]:
    """What is wrong with it; empty where nothing is."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        debug = [
            name
            for name in names
            if ".so" in name and b".debug_info" in archive.read(name)
        ]
    found = [f"{name} is missing" for name in NEEDED if name not in names]
    found += [
        f"{name} is in it" for name in names if PurePosixPath(name).suffix in UNWANTED
    ]
    found += [f"{name} carries what debuggers read" for name in debug]
    if not any(".so" in name or ".pyd" in name for name in names):
        found.append("no compiled module is in it")
    size = wheel.stat().st_size
    if size > MOST_BYTES:
        found.append(f"it must have at most {MOST_BYTES} bytes, it has {size}")
    return found


def main() -> None:
    """Check each wheel that is named."""
    wrong = False
    for name in sys.argv[1:]:
        wheel = Path(name)
        print(f"{wheel.name}: {wheel.stat().st_size / MIB:.1f} MiB")
        for fault in faults(wheel):
            wrong = True
            print(f"  {fault}")
    sys.exit(wrong or len(sys.argv) < 2)


if __name__ == "__main__":
    main()
