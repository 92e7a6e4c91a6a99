"""A gateway on loopback: the wire, the order book and the faults, for tests and demos.

It is written from the gateway's documentation alone and imports nothing of the client,
so a misreading that both would share cannot hide. Where the documentation is silent,
its choices are: stop-limit orders are refused; the market is always open, unless
``Gateway.open_hours`` says otherwise; limit orders fill when the other side of the
quote reaches them, all at once; a change of a price that an order's type does not have
is ignored; there are no live bars; bars of ticks have a trade in each quarter of a
second; a contract id that is a plain number ("12345") stands for the MNQ contract.
"""

from fastorder.simulator.clock import Clock, ManualClock
from fastorder.simulator.faults import Fault, FaultError, load_faults
from fastorder.simulator.gateway import Gateway
from fastorder.simulator.hours import Hours
from fastorder.simulator.ledger import Effect, Ledger, Money, Request
from fastorder.simulator.personality import Personality
from fastorder.simulator.server import Simulator, run_in_thread

__all__ = [
    "Clock",
    "Effect",
    "Fault",
    "FaultError",
    "Gateway",
    "Hours",
    "Ledger",
    "ManualClock",
    "Money",
    "Personality",
    "Request",
    "Simulator",
    "load_faults",
    "run_in_thread",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # where users import it from
