"""Two sights of one row become one, in whatever order they came.

What is merged depends on the set of sights, not on their order, as long as none of
them contradicts another. One that does is told, and what stands stays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.store.schema import Table

Row: TypeAlias = tuple[Any, ...]
"""A row in the order of its table's columns."""

Contradiction: TypeAlias = tuple[str, Any, Any]
"""The column, what stood there, what was told."""

SAME_TIME_NS = 1_000
"""Times closer than this are one time, told with more and with fewer digits."""

FINAL = frozenset({2, 3, 4, 5})
"""The statuses of an order that has ended."""


def merged(table: Table, old: Row, new: Row) -> tuple[Row, list[Contradiction]]:
    """What is known after both, and where they contradict each other."""
    if old == new:
        return old, []
    rank = _rank(table)
    newest = new if rank(new) > rank(old) else old
    voids = _voids(table, old, new)
    against: list[Contradiction] = []
    values = []
    for i, column in enumerate(table.columns):
        rule, a, b = column.rule, old[i], new[i]
        if rule == "state":
            values.append(newest[i])
        elif a == b or b is None:
            values.append(a)
        elif a is None:
            values.append(b)
        elif rule == "money" and voids is not None:
            values.append(voids[i])
        else:
            values.append(_one(rule, a, b, column.name, against))
    return tuple(values), against


def _one(rule: str, a: Any, b: Any, name: str, against: list[Contradiction]) -> Any:
    """One value of two that differ."""
    if rule == "least":
        return min(a, b)
    if rule == "most" or (rule == "time" and abs(a - b) < SAME_TIME_NS):
        return max(a, b)
    if rule == "bits":
        return a | b
    if rule == "json":
        return joined(a, b)
    against.append((name, a, b))
    return a


def joined(a: str, b: str) -> str:
    """Two JSON objects as one; of a member with two values the greater text stays."""
    left, right = orjson.loads(a), orjson.loads(b)
    for name, value in right.items():
        if name not in left or orjson.dumps(value) > orjson.dumps(left[name]):
            left[name] = value
    return as_json(left)


def as_json(value: Any) -> str:
    """As it is kept: one text for one value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()


def _voids(table: Table, old: Row, new: Row) -> Row | None:
    """Of two sights of a trade, one voided, the other; None where there is none."""
    if table.name != "fills":
        return None
    i = table.at("voided")
    if old[i] == new[i]:
        return None
    return new if old[i] else old


@lru_cache(maxsize=32)
def _rank(table: Table) -> Callable[[Row], tuple[Any, ...]]:
    """What makes one sight newer than another; a total order."""
    names = table.names
    where = [i for i, each in enumerate(table.columns) if each.rule == "state"]

    def all_of(row: Row) -> tuple[Any, ...]:
        return tuple((row[i] is not None, row[i]) if row[i] is not None else (False,)
                     for i in where)  # fmt: skip

    if table.name == "orders":
        status, filled = names.index("status"), names.index("filled")
        updated = names.index("updated_ns")
        return lambda row: (
            row[status] in FINAL,
            row[filled],
            row[updated] or 0,
            all_of(row),
        )
    if table.name == "intents":
        events = names.index("events")
        return lambda row: (row[events], all_of(row))
    if table.name == "anchors":
        since = names.index("from_ns")
        return lambda row: (-row[since], all_of(row))
    if "seen_ns" in names and where:
        seen = names.index("seen_ns")
        return lambda row: (row[seen], all_of(row))
    return lambda row: ()
