"""Columns of the store as Arrow tables: exact decimals, times in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import ConfigurationError
from fastorder.store.numbers import day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from fastorder.store.merging import Row

NAMES = {0: "BUY", 1: "SELL"}
SCALES = {"dollars": 6, "price": 9}
DIGITS = 19
"""Of an integer of 64 bits."""


def table(columns: list[tuple[str, str]], rows: Sequence[Row]) -> Any:
    """A pyarrow.Table of raw rows.

    Raises:
        ConfigurationError: pyarrow is not installed.
    """
    pa = _pyarrow()
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays = [
        _array(pa, list(column), kind)
        for column, (_, kind) in zip(values, columns, strict=True)
    ]
    return pa.table(arrays, names=[_name(name) for name, _ in columns])


def _array(pa: ModuleType, values: list[Any], kind: str) -> Any:
    if kind in SCALES:
        return _decimals(pa, values, SCALES[kind])
    if kind == "ns":
        return pa.array(values, pa.int64()).view(pa.timestamp("ns", "UTC"))
    if kind == "day":
        return pa.array([day_of(value) for value in values], pa.date32())
    if kind == "side":
        return pa.array([NAMES.get(value) for value in values], pa.string())
    if kind == "bool":
        return pa.array([bool(value) for value in values], pa.bool_())
    if kind == "ints":
        return pa.array([list(value) for value in values], pa.list_(pa.int64()))
    return pa.array(values, pa.string() if kind in ("text", "json") else pa.int64())


def _decimals(pa: ModuleType, values: list[Any], scale: int) -> Any:
    """Integers of the last digit as decimals: the same bits under another type."""
    whole = pa.array(values, pa.int64()).cast(pa.decimal128(DIGITS, 0))
    kind = pa.decimal128(DIGITS, scale)
    return pa.Array.from_buffers(kind, len(whole), whole.buffers(), whole.null_count)


def _name(name: str) -> str:
    """A time in Arrow has a type that says its unit; its name need not."""
    return name.removesuffix("_ns") or name


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
    except ImportError as error:
        raise ConfigurationError(
            "an Arrow table needs the package pyarrow: "
            f"pip install 'fastorder[store]' ({error})"
        ) from None
    module: ModuleType = pyarrow
    return module
