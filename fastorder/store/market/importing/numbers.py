"""Numbers as files write them: with a point or a comma, whole or not, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.store.market.errors import ImportRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.store.market.importing.options import Options
    from fastorder.store.market.importing.tables import Table

SIDES = {
    "B": 1, "BUY": 1, "BUYER": 1, "1": 1, "+1": 1,
    "A": -1, "S": -1, "SELL": -1, "SELLER": -1, "-1": -1,
    "N": 0, "NONE": 0, "UNKNOWN": 0, "0": 0, "": 0,
}  # fmt: skip
"""The aggressor by its word; A and B are Databento's: A is a sell aggressor."""


class Numbers:
    """Reads the numbers of one file.

    Args:
        table: the first of the file; ``over`` tells of the next one.
        options: what is stated.
    """

    def __init__(self, table: Table, options: Options) -> None:
        self._table, self._options = table, options
        self._pointed: set[str] = set()
        self._commas: dict[str, tuple[str, int]] = {}
        self._place: Callable[[int], int] = int
        self._decimal: set[str] = set()

    def over(self, table: Table, place: Callable[[int], int]) -> None:
        """Read this one from now on; ``place`` says which row of the file one is."""
        self._table, self._place = table, place

    def end(self) -> None:
        """Refuse what all of the file leaves in doubt.

        Raises:
            ImportRefused: a column's commas may stand before decimals or thousands.
        """
        for name, (text, row) in self._commas.items():
            if self._options.decimal is None and name not in self._decimal:
                raise self._refused(
                    f"{name} has decimals or thousands, was {text!r}: state "
                    "decimal=','",
                    row,
                )

    def real(self, name: str) -> Any:
        """A column as float64.

        Raises:
            ImportRefused: with the row that has no number.
        """
        import numpy
        import pyarrow

        column = self._table.columns[name]
        self._check_there(column, name)
        if _is_text(column):
            column = self._with_points(column, name)
        if not _is_number(column):
            raise self._refused(f"{name} must hold numbers, was {column.type}")
        found = column.cast(pyarrow.float64(), safe=False).to_numpy()
        bad = ~numpy.isfinite(found)
        if bad.any():
            raise self._refused(f"{name} must be a number", int(numpy.argmax(bad)))
        return found

    def whole(self, name: str, least: int = 0) -> Any:
        """A column as int64, none below the least; 5.0 is whole."""
        import numpy

        found = self.real(name)
        whole = numpy.rint(found)
        bad = (whole != found) | (whole < least) | (numpy.abs(whole) >= 2.0**53)
        if bad.any():
            at = int(numpy.argmax(bad))
            raise self._refused(
                f"{name} must be a whole number of at least {least}, was {found[at]}",
                at,
            )
        return whole.astype(numpy.int64)

    def sides(self, name: str) -> Any:
        """A column of words or numbers as 1, -1 and 0."""
        import numpy
        import pyarrow
        from pyarrow import compute

        column = self._table.columns[name]
        if not _is_text(column):
            column = column.cast(pyarrow.string())
        words = compute.utf8_upper(compute.fill_null(column, ""))
        at = compute.index_in(words, pyarrow.array(list(SIDES)))
        if at.null_count:
            row = int(numpy.argmax(numpy.asarray(at.is_null())))
            raise self._refused(
                f"{name} must be one of {', '.join(filter(None, SIDES))}, was "
                f"{column[row].as_py()!r}",
                row,
            )
        return numpy.array(list(SIDES.values()), numpy.int8)[at.to_numpy()]

    def _with_points(self, column: Any, name: str) -> Any:
        import pyarrow
        from pyarrow import compute

        commas = compute.match_substring(column, ",")
        if compute.any(compute.match_substring(column, ".")).as_py():
            self._pointed.add(name)
        self._check_points(name)
        if compute.any(commas).as_py():
            self._check_commas(column, commas, name)
            column = compute.replace_substring(column, ",", ".")
        bad = compute.invert(
            compute.match_substring_regex(
                column, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
            )
        )
        if compute.any(bad).as_py():
            at = compute.index(bad, True).as_py()
            raise self._refused(
                f"{name} must be a number, was {column[at].as_py()!r}", at
            )
        plain = compute.replace_substring_regex(column, r"^\+", "")
        return plain.cast(pyarrow.float64())

    def _check_commas(self, column: Any, commas: Any, name: str) -> None:
        from pyarrow import compute

        at = compute.index(commas, True).as_py()
        text = column[at].as_py()
        if self._options.decimal == "." or name in self._pointed:
            raise self._thousands(name, text, at)
        self._commas.setdefault(name, (text, self._place(at)))
        like_thousands = compute.match_substring_regex(column, r"^[-+]?\d{1,3},\d{3}$")
        if not compute.all(compute.or_(like_thousands, compute.invert(commas))).as_py():
            self._decimal.add(name)

    def _check_points(self, name: str) -> None:
        """Refuse a point in a column that had commas before this table."""
        if name in self._commas and name in self._pointed:
            raise self._thousands(name, self._commas[name][0])

    def _thousands(self, name: str, text: str, at: int | None = None) -> ImportRefused:
        rule = f"{name} must be without thousands' separators, was {text!r}"
        return self._refused(rule, at)

    def _check_there(self, column: Any, name: str) -> None:
        from pyarrow import compute

        if column.null_count:
            at = compute.index(compute.is_null(column), True).as_py()
            raise self._refused(f"{name} must be a number, is missing", at)

    def _refused(self, why: str, row: int | None = None) -> ImportRefused:
        return ImportRefused(self._table.path, why, row)


def _is_text(column: Any) -> bool:
    import pyarrow

    return bool(
        pyarrow.types.is_string(column.type)
        or pyarrow.types.is_large_string(column.type)
    )


def _is_number(column: Any) -> bool:
    import pyarrow

    kind = column.type
    is_one_of = (
        pyarrow.types.is_integer,
        pyarrow.types.is_floating,
        pyarrow.types.is_decimal,
    )
    return any(is_one(kind) for is_one in is_one_of)
