"""The contracts that the gateway lists, with ticks, tick values and fees.

Source: the gateway's own list as captured in August 2026; expiries are moved on to
those of the turn of the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# product, short name, tick size, tick value, a price to start from
_TABLE = """
BP6 6B .0001 6.25 1.34 | CA6 6C .00005 5 .73 | CLE CL .01 10 71 | CPE HG .0005 12.5 4.6
DA6 6A .00005 5 .66 | EEU E7 .0001 6.25 1.17 | ENQ NQ .25 5 29500 | EP ES .25 12.5 7730
EU6 6E .00005 6.25 1.17 | FVA ZF .0078125 7.8125 109 | GCE GC .1 10 3400
GLE LE .025 10 230 | GMET MET .5 .05 4200 | HE HE .025 10 90 | HOE HO .0001 4.2 2.3
JY6 6J .0000005 6.25 .0068 | M2K M2K .1 .5 2300 | M6A M6A .0001 1 .66
M6B M6B .0001 .625 1.34 | M6E M6E .0001 1.25 1.17 | MBT MBT 5 .5 115000
MCLE MCL .01 1 71 | MES MES .25 1.25 7730 | MGC MGC .1 1 3400 | MHG MHG .0005 1.25 4.6
MNG MNG .001 1 3 | MNQ MNQ .25 .5 29500 | MX6 6M .00001 5 .053 | MYM MYM 1 .5 45000
NE6 6N .00005 5 .59 | NGE NG .001 10 3 | NKD NKD 5 25 43000 | NQG QG .005 12.5 3
NQM QM .025 12.5 71 | PLE PL .1 5 1350 | RBE RB .0001 4.2 2.1 | RTY RTY .1 5 2300
SF6 6S .00005 6.25 1.25 | SIE SI .005 25 39 | SIL SIL .005 5 39
TNA TN .015625 15.625 114 | TUA ZT .00390625 7.8125 104 | TYA ZN .015625 15.625 112
ULA UB .03125 31.25 118 | USA ZB .03125 31.25 115 | YM YM 1 5 45000
ZCE ZC .25 12.5 410 | ZLE ZL .01 6 53 | ZME ZM .1 10 290 | ZSE ZS .25 12.5 1030
ZWA ZW .25 12.5 530
"""
_NAMES = {
    "MNQ": "Micro E-mini Nasdaq-100",
    "MES": "Micro E-mini S&P 500",
    "NQ": "E-mini NASDAQ-100",
    "ES": "E-mini S&P 500",
    "CL": "Crude Oil",
    "MCL": "Micro Crude Oil",
    "GC": "Gold",
    "MGC": "Micro Gold",
}
_FEES = {"MNQ": ".36", "MES": ".36", "MCL": ".51", "ES": "1.40", "NQ": "1.40"}
_NEGATIVE = ("CL", "MCL", "QM")  # as on 20 April 2020
_OTHER_FEE = Decimal("1.40")
ALIAS_PRODUCT = "MNQ"
_QUARTERLY = "Z26"
_EXPIRED = "U26"


@dataclass(frozen=True)
class Contract:
    """One contract: ids, grid and money."""

    id: str
    name: str
    description: str
    tick_size: Decimal
    tick_value: Decimal
    active: bool
    symbol_id: str
    start_price: Decimal
    fee: Decimal
    negative_prices: bool = False

    def to_wire(self) -> dict[str, object]:
        """The contract as the gateway lists it."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "tickSize": float(self.tick_size),
            "tickValue": float(self.tick_value),
            "activeContract": self.active,
            "symbolId": self.symbol_id,
        }


def listed() -> dict[str, Contract]:
    """Every contract by id: the active ones, and the last expired quarter's."""
    contracts = {}
    for row in _TABLE.replace("\n", "|").split("|"):
        if not row.strip():
            continue
        fields = row.split()
        for expiry, active in ((_QUARTERLY, True), (_EXPIRED, False)):
            contract = _contract(fields, expiry, active)
            contracts[contract.id] = contract
    return contracts


def _contract(fields: list[str], expiry: str, active: bool) -> Contract:
    product, short, tick, value, price = fields
    months = {"Z": "December", "U": "September"}
    return Contract(
        id=f"CON.F.US.{product}.{expiry}",
        name=f"{short}{expiry[0]}{expiry[-1]}",
        description=f"{_NAMES.get(short, short)}: {months[expiry[0]]} 20{expiry[1:]}",
        tick_size=Decimal(tick),
        tick_value=Decimal(value),
        active=active,
        symbol_id=f"F.US.{product}",
        start_price=Decimal(price),
        fee=Decimal(_FEES[short]) if short in _FEES else _OTHER_FEE,
        negative_prices=short in _NEGATIVE,
    )
