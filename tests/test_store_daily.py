"""Days and round trips against whole numbers of Python, which have no end."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from fastorder.store.daily import days
from fastorder.store.round_trips import Fills

LARGE = 2**63 - 1
DAYS = (20261130, 20261201)
TICKS = {"MNQ": (250_000_000, 500_000), "MES": (250_000_000, 1_250_000)}
money = st.one_of(
    st.integers(-10_000_000, 10_000_000), st.sampled_from((-LARGE, LARGE, 2**62, 0))
)
sizes = st.one_of(st.integers(1, 5), st.integers(1, 2**40))
prices = st.one_of(st.integers(-400, 400), st.integers(-(2**34), 2**34))
rows = st.lists(
    st.tuples(
        st.sampled_from((1, 2)),
        st.sampled_from(("MNQ", "MES", "unknown")),
        st.integers(1, 30),
        st.integers(1, 6),
        st.integers(0, 1),
        sizes,
        prices.map(lambda ticks: ticks * 250_000_000),
        money.map(abs),
        st.sampled_from(DAYS),
        money,
    ),
    max_size=40,
)


@given(rows, st.booleans())
def test_a_day_is_the_sum_of_its_fills_however_large(rows, by_contract):
    fills = Fills({})
    for row in rows:
        fills.take(*row)
    trips = fills.in_order().matched()
    found = days(fills, trips, {}, TICKS, by_contract, False)
    assert found == plainly(rows, by_contract)


def plainly(rows, by_contract):
    """The same, one fill and one contract after another."""
    groups = defaultdict(lambda: [0] * 8)
    gross, fees, fills, contracts, trades, wins, high, drawdown = range(8)
    ordered = sorted(rows, key=lambda row: row[2])

    def group(account, contract, day):
        return groups[day, account, contract if by_contract else ""]

    for row in ordered:
        sums = group(row[0], row[1], row[8])
        sums[gross] += row[9]
        sums[fees] += row[7]
        sums[fills] += 1
        sums[contracts] += row[5]
        net = sums[gross] - sums[fees]
        sums[high] = max(sums[high], net)
        sums[drawdown] = max(sums[drawdown], sums[high] - net)
    for account, contract, day, net in plain_trips(ordered):
        sums = group(account, contract, day)
        sums[trades] += 1
        sums[wins] += net > 0
    return [
        (
            *(account, day, contract or None, None),
            *(sums[gross], sums[fees], sums[gross] - sums[fees]),
            *(sums[fills], sums[contracts], sums[trades], sums[wins], sums[drawdown]),
        )
        for (day, account, contract), sums in sorted(groups.items())
    ]


def plain_trips(ordered):
    """First in, first out: account, contract, day of the exit, net."""
    books, trips = defaultdict(list), {}
    opened = defaultdict(int)
    for account, contract, _, order, side, size, price, cost, day, _ in ordered:
        book = books[account, contract]
        new = {"order": order, "side": side, "left": size, "price": price}
        new["unpaid"] = cost
        while new["left"] and book and book[0]["side"] != side:
            lot = book[0]
            matched = min(lot["left"], new["left"])
            entered = (account, contract, opened[account, contract])
            key = (*entered, lot["order"], order)
            trip = trips.setdefault(key, {"moved": 0, "cost": 0, "side": lot["side"]})
            trip["moved"] += (price - lot["price"]) * matched
            trip["cost"] += share(lot, matched) + share(new, matched)
            trip["day"] = day
            if not lot["left"]:
                book.pop(0)
        if new["left"]:
            opened[account, contract] += not book
            book.append(new)
    for (account, contract, *_), trip in trips.items():
        yield account, contract, trip["day"], worth(contract, trip) - trip["cost"]


def share(lot, size):
    cost = lot["unpaid"] * size // lot["left"]
    lot["unpaid"] -= cost
    lot["left"] -= size
    return cost


def worth(contract, trip):
    if contract not in TICKS:
        return 0
    tick, value = TICKS[contract]
    ticks = trip["moved"] // tick  # prices here are whole ticks
    return (ticks if trip["side"] == 0 else -ticks) * value
