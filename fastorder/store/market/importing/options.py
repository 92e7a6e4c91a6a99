"""What is stated of a file, where the file does not say it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from fastorder.errors import InvalidField

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = (
    "columns",
    "databento",
    "gateway",
    "kibot",
    "ninjatrader",
    "sierra",
    "tradingview",
)
UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
CHOICES = {
    "form": (None, *FORMS),
    "kind": (None, "ticks", "bars"),
    "fold": ("refuse", "earlier", "later"),
    "skipped": ("refuse", "later"),
    "time_unit": (None, *UNITS),
    "date_order": (None, "mdy", "dmy"),
    "decimal": (None, ".", ","),
    "stamps": (None, "open", "close"),
    "repeats": ("keep", "drop"),
}


@dataclass(frozen=True)
class Options:
    """What is stated of a file.

    Args:
        form: whose form it has; without it, that is looked for. ``columns`` is any
            table with names.
        kind: ``ticks`` or ``bars``, where a file may hold either.
        every: how long bars are: 1m, say.
        columns: what the file calls time, price, size, side, open, high, low, close,
            volume, date, symbol: ``{"price": "Last Price"}``.
        zone: whose clocks its times show, where they have no zone: America/Chicago.
        fold: an hour that the clocks show twice is ``refuse``d, or taken for the
            ``earlier`` or the ``later`` one.
        skipped: an hour that the clocks skip is ``refuse``d, or taken for so much
            ``later``.
        time_unit: what whole numbers count: s, ms, us or ns.
        date_order: ``mdy`` or ``dmy``, of dates with strokes.
        decimal: what stands before the decimals: ``.`` or ``,``.
        stamps: whether bars carry the time of their ``open`` or ``close``.
        price_unit: what a price of 1 is worth in points: 0.01, say.
        symbol: whose rows are taken of a file of several contracts.
        repeats: rows that are alike in all are all kept, or one of them (``drop``).
        source: what bars are called in the folder; without it, the form.

    Raises:
        InvalidField: one is none of these.
    """

    form: str | None = None
    kind: str | None = None
    every: str | None = None
    columns: Mapping[str, str] | None = None
    zone: str | None = None
    fold: str = "refuse"
    skipped: str = "refuse"
    time_unit: str | None = None
    date_order: str | None = None
    decimal: str | None = None
    stamps: str | None = None
    price_unit: Any = None
    symbol: str | None = None
    repeats: str = "keep"
    source: str | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                told = ", ".join(str(choice) for choice in choices if choice)
                raise InvalidField(name, f"must be one of {told}", getattr(self, name))
        for role in self.columns or {}:
            if role not in ROLES:
                raise InvalidField("columns", f"must name {', '.join(ROLES)}", role)
        if self.price_unit is not None:
            self.worth(1)

    def worth(self, usual: Any) -> Decimal:
        """What a price of 1 is worth: as it is stated, or as usual."""
        given = usual if self.price_unit is None else self.price_unit
        try:
            worth = Decimal(str(given))
        except InvalidOperation:
            worth = Decimal(0)
        if not worth.is_finite() or worth <= 0:
            raise InvalidField("price_unit", "must be a number above 0", given)
        return worth


ROLES = (
    "time",
    "date",
    "price",
    "size",
    "side",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "symbol",
)
