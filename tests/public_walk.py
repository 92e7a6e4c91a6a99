"""What users can import, found by walking the package."""

import enum
import pkgutil
from importlib import import_module

import fastorder
from fastorder import errors


def modules():
    """Every module whose name has no underscore in front, by that name."""
    names = ["fastorder"]
    for found in pkgutil.walk_packages(fastorder.__path__, "fastorder."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            names.append(found.name)
    return {name: import_module(name) for name in sorted(names)}


MODULES = modules()
PARTS = {"fastorder.store.market.importing"}
"""What has an ``__all__`` for its own package, and is imported by no user."""

PUBLIC = {
    name: module
    for name, module in MODULES.items()
    if hasattr(module, "__all__") and name not in PARTS
}
"""The modules that say what they have for users."""


def things():
    """All that they have, by the names that users write."""
    found = {
        "fastorder.blocking.OrderExecutor": fastorder.blocking.OrderExecutor,
        "fastorder.blocking.Trader": fastorder.blocking.Trader,
    }
    for name, module in PUBLIC.items():
        for each in module.__all__:
            found[f"{name}.{each}"] = getattr(module, each)
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and kind.__module__ == errors.__name__:
            found[f"fastorder.errors.{name}"] = kind
    return found


SAID = {
    kind: kind.__module__
    for module in MODULES.values()
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__.startswith("fastorder")
}
"""What each class called its module before anybody asked for it by a public name."""

THINGS = things()
CLASSES = {name: each for name, each in THINGS.items() if isinstance(each, type)}


def enums():
    """Every enum that users may meet: a public one, and any other one of numbers."""
    met = {kind for kind in CLASSES.values() if issubclass(kind, enum.Enum)}
    for module in MODULES.values():
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(
                kind, (enum.IntEnum, enum.IntFlag)
            ):
                met.add(kind)
    named = {f"{kind.__module__}.{kind.__name__}": kind for kind in met if len(kind)}
    return {name: kind for name, kind in named.items() if name.startswith("fastorder")}
