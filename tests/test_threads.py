"""What another thread may call while an executor waits: each member, by name."""

import re
import socket
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import blocking

PACKAGE = Path(fastorder.__file__).parent
HELD_BY = {
    "_core/transport/poll_engine.pyx": "the thread that used its executor first",
    "marketdata/_bars.pyx": "the call that is under way",
}
"""The sources that release Python's lock, and who alone may come in meanwhile."""

NOW = datetime.now(timezone.utc)


class Deaf:
    """An observer that does nothing."""

    def change_began(self, ticket):
        pass

    def change_ended(self, ticket, result):
        pass


SAFE = {
    "check": lambda t: t.check(fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)),
    "risk": lambda t: t.risk,
    "budgets": lambda t: t.budgets,
    "base_url": lambda t: t.base_url,
    "closed": lambda t: t.closed,
    "contract_book": lambda t: t.contract_book.all(),
    "get_contract_id": lambda t: t.get_contract_id("MNQ"),
    "get_token": lambda t: t.get_token(),
    "halted": lambda t: t.halted,
    "intents": lambda t: t.intents(),
    "kill": lambda t: t.kill(),
    "observe": lambda t: t.observe(Deaf()),
    "acts": lambda t: t.acts(),
    "recent": lambda t: t.recent(),
    "recover": lambda t: t.recover(),  # there is no journal: nothing to recover
    "resume": lambda t: t.resume(),
    "session": lambda t: t.session.current(),
    "set_contract_id": lambda t: t.set_contract_id("MES", "CON.F.US.MES.Z26"),
    "set_token": lambda t: t.set_token("another_token"),
}
REFUSED = {
    "account": lambda t: t.account("PRAC"),
    "accounts": lambda t: t.accounts(),
    "bars": lambda t: t.bars("MNQ", "1m", days=1),
    "cancel_order": lambda t: t.cancel_order(5, ACCOUNT),
    "cancel_all": lambda t: t.cancel_all(ACCOUNT),
    "close": lambda t: t.close(),
    "close_position": lambda t: t.close_position("MNQ", ACCOUNT),
    "close_out": lambda t: t.close_out("MNQ", ACCOUNT),
    "connect": lambda t: t.connect(),
    "contract": lambda t: t.contract("MNQ"),
    "contracts": lambda t: t.contracts(),
    "filled": lambda t: t.filled(
        fastorder.OrderResult(fastorder.Outcome.ACCEPTED, order_id=5), ACCOUNT
    ),
    "flatten": lambda t: t.flatten(ACCOUNT),
    "load_exposure": lambda t: t.load_exposure(ACCOUNT),
    "load_contract": lambda t: t.load_contract("MNQ"),
    "login": lambda t: t.login("trader1", "a_key_of_some_length"),
    "logout": lambda t: t.logout(force=True),
    "modify_order": lambda t: t.modify_order(5, ACCOUNT, quantity=2),
    "move_stop": lambda t: t.move_stop("MNQ", ACCOUNT, 20_000),
    "move_target": lambda t: t.move_target("MNQ", ACCOUNT, 20_000),
    "open_orders": lambda t: t.open_orders(ACCOUNT),
    "order": lambda t: t.order(7, ACCOUNT),
    "orders": lambda t: t.orders(ACCOUNT, NOW),
    "positions": lambda t: t.positions(ACCOUNT),
    "query_orders": lambda t: list(t.query_orders(ACCOUNT)),
    "partial_close_out": lambda t: t.partial_close_out("MNQ", ACCOUNT, 1),
    "partial_close_position": lambda t: t.partial_close_position("MNQ", ACCOUNT, 1),
    "ping": lambda t: t.ping(),
    "place_join_order": lambda t: t.place_join_order("MNQ", "BUY", 1, ACCOUNT),
    "place_limit_order": lambda t: t.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, limit_price=20_000
    ),
    "place_many": lambda t: t.place_many(
        [fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)]
    ),
    "place_market_order": lambda t: t.place_market_order("MNQ", "BUY", 1, ACCOUNT),
    "place_order": lambda t: t.place_order(
        fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    ),
    "place_stop_limit_order": lambda t: t.place_stop_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, stop_price=20_000, limit_price=20_000
    ),
    "place_stop_order": lambda t: t.place_stop_order(
        "MNQ", "BUY", 1, ACCOUNT, stop_price=20_000
    ),
    "place_trailing_stop_order": lambda t: t.place_trailing_stop_order(
        "MNQ", "BUY", 1, ACCOUNT, trail_price=20_000
    ),
    "reverse": lambda t: t.reverse("MNQ", ACCOUNT),
    "roll_contract": lambda t: t.roll_contract("MNQ"),
    "resolve": lambda t: t.resolve(t.intents()[0].tag),
    "search_orders": lambda t: t.search_orders(ACCOUNT, NOW),
    "trades": lambda t: t.trades(ACCOUNT, NOW),
    "validate_token": lambda t: t.validate_token(),
}


def test_each_place_that_releases_the_lock_says_who_may_come_in():
    found = {
        source.relative_to(PACKAGE).as_posix()
        for source in [*PACKAGE.rglob("*.pyx"), *PACKAGE.rglob("*.py")]
        if re.search(r"^\s*with nogil", source.read_text("utf-8"), re.MULTILINE)
    }
    if not found:
        pytest.skip("not in a checkout")
    assert found == set(HELD_BY)


def test_the_tables_have_every_member():
    members = {name for name in dir(blocking.OrderExecutor) if name[0] != "_"}
    assert members == {*SAFE, *REFUSED}


class SlowGateway(threading.Thread):
    """Answers each order once it is told to; it takes one connection."""

    def __init__(self):
        super().__init__()
        self.asked, self.free = threading.Event(), threading.Event()
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self):
        line, _ = self._listener.accept()
        with self._listener, line, line.makefile("rb") as lines:
            while head := lines.readline():
                length = 0
                while (header := lines.readline()) != b"\r\n":
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.requests.append((head.split()[1], lines.read(length)))
                self.asked.set()
                self.free.wait()
                body = b'{"success":true,"errorCode":0,"orderId":7}'
                line.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                    b"Content-Type: application/json\r\n\r\n%b" % (len(body), body)
                )


@pytest.mark.parametrize("name", [*SAFE, *REFUSED])
def test_a_call_from_another_thread_is_answered_or_refused(name):
    """The order that its own thread waits for goes out once, and ends well."""
    gateway = SlowGateway()
    gateway.start()
    timeouts = fastorder.Timeouts(request=300)
    trader = blocking.OrderExecutor(gateway.base_url, timeouts=timeouts)
    trader.set_token("a_token_of_some_length")
    trader.set_contract_id("MNQ", 12345)
    told = []

    def call():
        gateway.asked.wait()
        try:
            for _ in range(20):
                try:
                    told.append((SAFE | REFUSED)[name](trader))
                except fastorder.ExecutorMisuse as error:
                    told.append(error)
        except BaseException as error:
            told.append(error)
            raise
        finally:
            gateway.free.set()

    thread = threading.Thread(target=call)
    thread.start()
    result = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    thread.join()
    trader.close()
    gateway.join()
    assert (result.outcome, result.order_id) == (fastorder.Outcome.ACCEPTED, 7)
    assert [path for path, _ in gateway.requests] == [b"/api/Order/place"]
    refused = [isinstance(error, fastorder.ExecutorMisuse) for error in told]
    assert refused == [name in REFUSED] * 20, told
