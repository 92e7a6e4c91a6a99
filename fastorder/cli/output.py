"""Prints what a command has found: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fastorder.cli.contract_names import short
from fastorder.cli.streams import complain, is_terminal, stop_writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.cli.shapes import Column, Shape

NARROW = 60
"""Columns of a screen; on a narrower one a table has to fit."""

UNBROKEN = 100_000
"""Columns of a file or a pipe: what reads it breaks its lines itself."""

RIGHT = frozenset({"whole", "decimal"})


class Output:
    """Where a command's results and its words go.

    Args:
        as_json: results as one JSON document; words go to the error stream anyway.

    Attributes:
        is_piped: no screen shows it, and nothing says how wide a line may be.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json, self.is_piped = as_json, _width() is not None
        self._out = Console(soft_wrap=False, highlight=False, width=_width())
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def rows(self, shape: Shape, rows: Iterable[dict[str, Any]]) -> None:
        """Any number of rows."""
        listed = [dict(row) for row in rows]
        if self.as_json:
            self._document(shape.name, listed)
        elif not listed:
            self.say(f"no {shape.name}")
        else:
            self._table(shape, listed)

    def _table(self, shape: Shape, rows: list[dict[str, Any]]) -> None:
        """A table; where it would be broken on a narrow screen, each row by itself."""
        width = self._out.width
        if width >= NARROW or _width_of(shape, rows) <= width:
            self._out.print(_table_of(shape, rows))
            return
        for number, row in enumerate(rows):
            if number:
                self._out.print()
            self.record(shape, row)

    def outcome(self, shape: Shape, row: dict[str, Any], words: str) -> None:
        """What became of what was sent; that stays so where it cannot be shown."""
        try:
            self.record(shape, row)
            sys.stdout.flush()
        except OSError as error:
            complain(f"{words}; it cannot be shown: {error}")
            stop_writing()

    def record(self, shape: Shape, row: dict[str, Any]) -> None:
        """One row, its columns one below the other."""
        if self.as_json:
            self._document(shape.name, row)
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(overflow="fold")
        grid.add_column(overflow="fold")  # whole, also where it has no blanks
        for column in shape.columns:
            text = _for_people(row[column.name])
            if column.is_in_table and text:
                grid.add_row(escape(column.title), escape(text))
        self._out.print(grid)

    def say(self, text: str) -> None:
        """A word for people; it stands beside the results, not in them."""
        self._err.print(escape(text))

    def line(self, text: str) -> None:
        """A result that is a line of text; programs get nothing of it."""
        if not self.as_json:
            self._out.print(escape(text), soft_wrap=True)

    def _document(self, name: str, value: Any) -> None:
        sys.stdout.write(json.dumps({name: _for_programs(value)}, indent=2) + "\n")
        sys.stdout.flush()  # a disk that is full is known now


def _width() -> int | None:
    """Of the output; None where the screen, or ``COLUMNS``, says it."""
    has_one = is_terminal(sys.stdout) or "COLUMNS" in os.environ
    return None if has_one else UNBROKEN


def _width_of(shape: Shape, rows: list[dict[str, Any]]) -> int:
    """How wide a table is in which nothing is broken."""
    shown = [column for column in shape.columns if _is_shown(column, rows)]
    return sum(
        1 + max(len(column.title), *(_longest(row[column.name]) for row in rows))
        for column in shown
    )


def _longest(value: Any) -> int:
    return max(map(len, _for_people(value).split("\n")))


def _table_of(shape: Shape, rows: list[dict[str, Any]]) -> Table:
    """The columns that have something to show."""
    shown = [column for column in shape.columns if _is_shown(column, rows)]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in shown:
        side: Any = "right" if column.kind in RIGHT else "left"
        table.add_column(column.title, justify=side, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_for_people(row[each.name])) for each in shown))
    return table


def _is_shown(column: Column, rows: list[dict[str, Any]]) -> bool:
    return column.is_in_table and any(row[column.name] is not None for row in rows)


def _for_people(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _time_for_people(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (list, tuple)):
        return "\n".join(map(_for_people, value))
    if isinstance(value, dict):
        told = {name: _for_people(each) for name, each in value.items()}
        return ", ".join(f"{name} {text}" for name, text in told.items() if text)
    return short(str(value))


def _time_for_people(value: datetime) -> str:
    """In UTC; without the day where that is today's."""
    at = value.astimezone(timezone.utc)
    is_today = at.date() == datetime.now(timezone.utc).date()
    return at.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


def _for_programs(value: Any) -> Any:
    """A value as JSON has it: prices and money as text, with all their digits."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, dict):
        return {name: _for_programs(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_programs(each) for each in value]
    return value
