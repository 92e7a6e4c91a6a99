"""What the hub repeats of a token is kept in no store, in whatever place it stands."""

import itertools

from store_scene import account_row, event, order_row, position_row, trade_row

from fastorder import blocking
from fastorder.realtime.events import Event
from fastorder.store import Store

SECRET = "eyJhbGciOiJIUzI1NiJ9.bm90LXRvLWJlLXNob3duLWFueXdoZXJl.c2lnbmVkLWJ5LW5vYm9keQ"
PART = SECRET[10:40].encode()
ROWS = {
    "Order": order_row(),
    "Trade": trade_row(),
    "Position": position_row(),
    "Account": account_row(),
}
WRAPPED = [
    SECRET,
    f"({SECRET})",
    [SECRET],
    {SECRET: 1},
    {"a": {"b": [SECRET]}},
]
ODD = [
    Event("GatewayUser" + SECRET, [{"data": {}}], 1),
    Event("GatewayUserOrder", [SECRET], 1),
    Event("GatewayUserOrder", [{"action": SECRET, "data": order_row()}], 1),
    Event("GatewayUserOrder", [{"action": 1, "data": SECRET}], 1),
]


def told():
    """Each member of each row with the secret in it, and members that are not known."""
    numbers = itertools.count(1000)
    for name, row in ROWS.items():
        for member in (*row, "new", SECRET):
            for value in WRAPPED:
                one = row if member == "id" else row | {"id": next(numbers)}
                yield event(name, one | {member: value})
    yield from ODD


def test_a_store_keeps_no_secret(tmp_path, caplog):
    caplog.set_level(0)
    with blocking.OrderExecutor("http://127.0.0.1:1") as executor:
        executor.set_token(SECRET)  # from here on it is known
        with Store(str(tmp_path / "record.db")) as store:
            for each in told():
                store.listen(each)
            assert store.flush()
            shown = [*store.discrepancies(), *store.orders(), *store.fills()]
            assert store.discrepancies()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for text in (left, repr(shown).encode(), caplog.text.encode()):
        assert PART not in text
