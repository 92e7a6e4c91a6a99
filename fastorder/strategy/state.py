"""State: what a strategy knows after a restart, in types that a file can hold."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from fastorder._base.near_names import for_users
from fastorder.strategy.errors import StrategyError

PLAIN = (str, int, float, bool, type(None))


class State(MutableMapping[str, Any]):
    """Names with values: numbers, texts, None, and lists and dicts of them.

    What is set is checked at once, so that a store never meets what it cannot keep.
    A list or a dict is copied: to change it, set it again.

    Args:
        values: what it begins with.
    """

    __dir__ = for_users

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = {}
        self.changes = 0
        for name, value in (values or {}).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise StrategyError(f"a name in state must be text, was {name!r}")
        self._values[name] = plain(name, value)
        self.changes += 1

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        return plain(name, value) if isinstance(value, (list, dict)) else value

    def __delitem__(self, name: str) -> None:
        del self._values[name]
        self.changes += 1

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"State({self._values!r})"

    def kept(self) -> dict[str, Any]:
        """A copy, for a store."""
        return {name: self[name] for name in self._values}


def plain(name: str, value: Any) -> Any:
    """A copy of a value that a file can hold.

    Raises:
        StrategyError: it cannot be kept.
    """
    if type(value) in PLAIN:
        return value
    if type(value) in (list, tuple):
        return [plain(name, each) for each in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: plain(name, each) for key, each in value.items()}
    raise StrategyError(
        f"state[{name!r}] must be numbers, text, None, or lists and dicts of them, "
        f"was {type(value).__name__}"
    )
