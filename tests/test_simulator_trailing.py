"""A trailing stop that lies at a price of zero."""

from decimal import Decimal

OIL = "CON.F.US.MCLE.Z26"


def test_a_stop_at_zero_does_not_move_back(market, wire):
    market.set_price(OIL, Decimal("0.05"))
    order = wire.placed(contract=OIL, kind=5, side=1, trailPrice=0.0)
    assert wire.order(order)["stopPrice"] == 0.0
    market.set_price(OIL, Decimal("0.03"))
    assert wire.order(order)["stopPrice"] == 0.0
