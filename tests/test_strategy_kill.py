"""kill -9 of a live strategy at random points: it goes on with what the gateway shows.

``make campaign-strategy`` kills 500 times, ``make test`` 3 times.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from canary import API_KEY
from conftest import ACCOUNT
from realtime_scene import until
from strategy_scenes import walk
from test_strategy_paper import MNQ, row

from fastorder.simulator import Fault, run_in_thread

PROGRAM = Path(__file__).with_name("killed_strategy.py")
PLACE = "/api/Order/place"
KILLS = int(os.environ.get("FASTORDER_KILLS", "3"))
SEED = int(os.environ.get("FASTORDER_KILL_SEED", "7"))
LIMIT_S = 60

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@pytest.fixture
def gateway():
    with run_in_thread(rate_limit=False) as gateway:
        gateway.gateway.tokens.keys["trader1"] = API_KEY
        yield gateway


class Market:
    """Prices that go on where they were, each told as a trade."""

    def __init__(self, gateway):
        self.gateway = gateway
        self._prices = iter(walk(500 * KILLS, seed=SEED, step=6))
        self.tick()

    def tick(self):
        price = float(next(self._prices))
        self.gateway.set_price(MNQ, price)
        taken = [row(time.time_ns(), price, 1, 1)]
        self.gateway.call(lambda: self.gateway.hubs.trades(MNQ, taken))

    def goes_on(self, seconds, until=lambda: False):
        """For so long, or until something is so."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not until():
            self.tick()
            time.sleep(0.015)


def start(gateway, folder, what):
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), gateway.base_url, str(folder), what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hears(process, what):
    """What the program says next of this kind."""
    for line in process.stdout:
        said, _, known = line.partition(" ")
        if said == what:
            return json.loads(known)
    raise AssertionError(f"the program has ended: {process.stderr.read()}")


def kill(gateway, process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    until(lambda: not gateway.hubs.connections)


def truth(gateway):
    """What the account holds, which orders work, what filled, at the gateway."""

    def look():
        account = gateway.gateway.exchange.accounts[ACCOUNT]
        return {
            "position": sum(each.size for each in account.positions.values()),
            "working": sorted(order.id for order in account.working.values()),
            "fills": [float(trade.price) for trade in account.trades],
        }

    return gateway.call(look)


def faults(dice):
    for reply in dice.sample(["hang_up", "status", "reset", "cut"], 2):
        yield Fault(PLACE, reply=reply, effect=dice.choice(["now", "none"]))


def test_a_killed_strategy_goes_on_with_what_the_gateway_shows(gateway, tmp_path):
    dice, market, begun = random.Random(SEED), Market(gateway), 0
    for _ in range(KILLS):
        process = start(gateway, tmp_path, "trades")
        if dice.random() < 0.2:  # while it begins
            time.sleep(dice.uniform(0.2, 1.5))
        else:
            check_beginning(hears(process, "began"), gateway)
            begun += 1
            for fault in faults(dice) if dice.random() < 0.3 else ():
                gateway.faults.add(fault)
            placed = len(gateway.ledger.placements())
            market.goes_on(4, lambda n=placed: len(gateway.ledger.placements()) > n)
            market.goes_on(dice.expovariate(5.0))
        kill(gateway, process)
        gateway.faults.clear()
    check_rest(start(gateway, tmp_path, "rests"), gateway)
    rows = truth(gateway)["fills"]
    placed = len(gateway.ledger.placements())
    print(
        f"{begun} of {KILLS} kills while it traded, {placed} orders, {len(rows)} fills"
    )
    assert placed > 0
    assert rows


def check_beginning(began, gateway):
    """Before it hears of anything, a strategy has what the gateway shows."""
    shown = truth(gateway)
    assert began["position"] == shown["position"]
    listed = [number for number in began["working"] if number]
    assert listed == shown["working"]
    assert len(began["working"]) - len(listed) <= began["unknown"]
    assert begins_with(shown["fills"], began["fills"])
    check_tags(began, gateway)


def begins_with(whole, part):
    return whole[: len(part)] == part


def check_tags(known, gateway):
    """No order left twice, and each that left is known."""
    booked = Counter(effect.custom_tag for effect in gateway.ledger.placements())
    assert all(count == 1 for count in booked.values()), "an order was placed twice"
    assert booked.keys() <= set(known["tags"]), "an order was lost"


def check_rest(process, gateway):
    """In the end it knows all that there is, each fill once."""
    end_s, shown = time.monotonic() + LIMIT_S, truth(gateway)
    try:
        while True:
            known = hears(process, "knows")
            if all(known[name] == shown[name] for name in shown):
                break
            assert time.monotonic() < end_s, (known, shown)
        check_tags(known, gateway)
        assert known["held"] == known["position"]
        assert known["unknown"] == 0
    finally:
        kill(gateway, process)
