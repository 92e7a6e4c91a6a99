"""The walk of a simulated market: where it is moved to, there it stands."""

from hypothesis import given
from hypothesis import strategies as st

from fastorder.simulator.contracts import listed
from fastorder.simulator.prices import Walk

CONTRACTS = sorted(listed().values(), key=lambda contract: contract.id)
STEPS = st.integers(0, 10_000_000_000)


@given(st.sampled_from(CONTRACTS), STEPS, st.integers(0, 999), st.integers(1, 9_999))
def test_a_walk_stands_where_it_was_moved_to(contract, step, seed, ticks):
    walk = Walk(contract, seed)
    walk.ticks(step)
    for price in (contract.tick_size, contract.start_price, ticks * contract.tick_size):
        walk.shift_to(step, price)
        assert walk.price(step) == price
