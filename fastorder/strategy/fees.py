"""What the venue takes for a contract and side: dated, with sources."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from fastorder.risk.venue_rules import HELP, READ_ON, Rule

_PAGE = f"{HELP}8284213 (and fills of practice accounts of August 2026)"
_OLD = "an older page of the gateway, of ES; no fill was seen"


class Fees(NamedTuple):
    """What a product costs for each contract and side, in dollars.

    Attributes:
        fee: of the exchange and the clearing.
        commission: of the broker; answers of the gateway's REST may lack it.
    """

    fee: Rule
    commission: Rule


def _fees(fee: str, commission: str, source: str, sure: str) -> Fees:
    return Fees(
        Rule(Decimal(fee), source, READ_ON, sure),
        Rule(Decimal(commission), source, READ_ON, sure),
    )


FEES = {
    "MNQ": _fees(".36", ".25", _PAGE, "A"),
    "MES": _fees(".36", ".25", _PAGE, "A"),
    "MCL": _fees(".51", ".25", _PAGE, "A"),
    "ES": _fees("1.40", "0", _OLD, "C"),
    "NQ": _fees("1.40", "0", f"{_OLD}; NQ is taken alike", "C"),
}
"""By product. A is surest; a C is better given by an ``Instrument`` of yours."""
