"""Print what users can reach: names, signatures, docstrings, one JSON object.

python tools/public_interface.py > now.json
python tools/public_interface.py --against before.json   # what was lost, or changed
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = (
    "fastorder",
    "fastorder.blocking",
    "fastorder.config",
    "fastorder.enums",
    "fastorder.errors",
    "fastorder.executor",
    "fastorder.journal",
    "fastorder.marketdata",
    "fastorder.marketdata.cluster",
    "fastorder.matching",
    "fastorder.models",
    "fastorder.realtime.hub",
    "fastorder.settings",
    "fastorder.simulator",
    "fastorder.store",
    "fastorder.store.market",
    "fastorder.strategy",
    "fastorder.telemetry",
    "fastorder.ticks",
    "fastorder.timing",
)


def described(thing: Any) -> dict[str, Any]:
    """The signature and the docstring of one thing; of a class its members too."""
    shown: dict[str, Any] = {"kind": type(thing).__name__, "doc": inspect.getdoc(thing)}
    try:
        shown["signature"] = str(inspect.signature(thing))
    except (TypeError, ValueError):
        shown["signature"] = None
    if isinstance(thing, type):
        shown["bases"] = [base.__name__ for base in thing.__mro__[1:]]
        names = [name for name in dir(thing) if not name.startswith("_")]
        shown["members"] = {name: member(thing, name) for name in names}
    return shown


def member(kind: type, name: str) -> dict[str, Any]:
    """One attribute of a class."""
    found = inspect.getattr_static(kind, name)
    if isinstance(found, (classmethod, staticmethod)) or callable(found):
        return described(getattr(kind, name)) | {"members": None}
    return {"kind": type(found).__name__, "doc": inspect.getdoc(found)}


def public_names(module: Any) -> list[str]:
    """Those of ``__all__``; without it, what the module itself defines.

    What the package shows as its own may be of any module that has it.
    """
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and getattr(thing, "__module__", module.__name__)
        in (module.__name__, "fastorder")
        and not inspect.ismodule(thing)
    )


def interface() -> dict[str, Any]:
    """Every public module with its names."""
    found = {}
    for name in MODULES:
        module = import_module(name)
        found[name] = {
            each: described(getattr(module, each)) for each in public_names(module)
        }
    return found


def flat(tree: Any, path: str = "") -> dict[str, str]:
    """Leaves by their path."""
    if not isinstance(tree, dict):
        return {path: json.dumps(tree)}
    leaves: dict[str, str] = {path: "{}"}
    for name, value in tree.items():
        leaves |= flat(value, f"{path}/{name}")
    return leaves


def compare(before: Any, now: Any) -> int:
    """Print the differences; the number of things that are lost."""
    old, new = flat(before), flat(now)
    lost = sorted(old.keys() - new.keys())
    for path in lost:
        print("lost", path)
    for path in sorted(new.keys() - old.keys()):
        print("new ", path)
    for path in sorted(old.keys() & new.keys()):
        if old[path] != new[path]:
            print(f"changed {path}\n    {old[path]}\n    {new[path]}")
    return len(lost)


def main() -> None:
    """Print the interface, or compare it with an earlier one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="what an earlier run has printed")
    given = parser.parse_args()
    now = interface()
    if given.against is None:
        json.dump(now, sys.stdout, indent=1, sort_keys=True)
        return
    sys.exit(1 if compare(json.loads(given.against.read_text()), now) else 0)


if __name__ == "__main__":
    main()
