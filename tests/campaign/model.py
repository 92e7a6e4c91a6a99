"""A gateway, the network before it and a machine's clocks, in virtual time.

Nothing here sleeps or opens a socket. Whatever really happens is written into a ledger;
the client sees only what the network lets through.
"""

from __future__ import annotations

import heapq
from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import formatdate
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fastorder._core.transport.evidence import Evidence
from fastorder.enums import OrderStatus
from fastorder.gateway.endpoints import Endpoint
from fastorder.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

MS = 1_000_000
SECOND = 1_000 * MS
EPOCH_S = 1_787_000_000.0
REQUEST_NS = 5 * SECOND
"""When the client gives an exchange up."""

LATEST_NS = 12 * SECOND
"""How long after that a request may still be applied."""

RACE_NS = 200 * MS
"""How long a racy tag check does not see a new order."""

LONGEST_LAG_NS = 9 * SECOND

FIRST_NUMBER = 1000
"""The client's own orders have greater numbers than this."""

OLD_NS = -3_600 * SECOND
"""When an order was made that the client knows of."""

LIVE = (
    OrderStatus.OPEN,
    OrderStatus.FILLED,
    OrderStatus.FILLED,
    OrderStatus.CANCELLED,
    OrderStatus.EXPIRED,
    OrderStatus.PENDING,
    OrderStatus.PENDING_CANCELLATION,
    OrderStatus.SUSPENDED,
)
REFUSALS = (
    (1, "Account not found"),
    (2, "Invalid order size specified"),
    (2, None),
    (3, "Not enough margin."),
    (4, "Daily loss limit"),
    (5, "Outside of trading hours."),
    (8, None),
    (9, "Contract not active"),
    (10, None),
)
IN_USE = (
    "The custom tag is already in use.",
    "CustomTag already in use",
    "custom tag 'x' is in use by another order",
)
GARBAGE = (
    b"",
    b"<html>Bad Gateway</html>",
    b"null",
    b"[]",
    b'{"orderId":',
    b'{"success":true}',
    b'{"success":true,"errorCode":2,"orderId":7}',
    b'{"success":false,"errorCode":0,"orderId":7}',
    b'{"success":"true","errorCode":0,"orderId":7}',
    b"\xff\xfe\x00",
)
NO_LISTS = (
    b'{"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":null,"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":{},"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":[null],"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":[{"id":0}],"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":[{}],"success":true,"errorCode":0,"errorMessage":null}',
    b'{"orders":[],"success":false,"errorCode":1,"errorMessage":null}',
    b'{"orders":[],"success":true,"errorCode":1,"errorMessage":null}',
)
WAITS = (b"", b"1", b"2", b"5", b"soon", b"-1")


class Fact(NamedTuple):
    """Something that really happened, and when."""

    what: str
    at_ns: int
    value: Any = None


class Ledger(list[Fact]):
    """All that happened in the life of one order, as it was found."""

    def note(self, what: str, at_ns: int, value: Any = None) -> None:
        """Write one fact down."""
        self.append(Fact(what, at_ns, value))


class World:
    """True time, in nanoseconds."""

    __slots__ = ("now_ns",)

    def __init__(self) -> None:
        self.now_ns = 0


class MachineClock(Clock):
    """The clocks of the trader's machine; the wall clock need not be right.

    Args:
        world: true time.
        random: for the jitter.
        monotonic_from_ns: what the monotonic clock shows at the start of true time.
        wall_error_s: how far the wall clock is ahead of the truth.
    """

    __slots__ = ("_offset_ns", "_random", "_world", "wall_error_s")

    def __init__(
        self,
        world: World,
        random: Random,
        monotonic_from_ns: int,
        wall_error_s: float,
    ) -> None:
        self._world = world
        self._random = random
        self._offset_ns = monotonic_from_ns
        self.wall_error_s = wall_error_s

    def monotonic_ns(self) -> int:
        return self._world.now_ns + self._offset_ns

    def wall_s(self) -> float:
        return EPOCH_S + self._world.now_ns / SECOND + self.wall_error_s

    def spread(self) -> float:
        return self._random.random()

    def true_ns(self, monotonic_ns: int) -> int:
        """The true time at which the monotonic clock shows this."""
        return monotonic_ns - self._offset_ns

    def slept(self, asleep_ns: int) -> None:
        """The machine was asleep: the monotonic clock stood still."""
        self._offset_ns -= asleep_ns


class Row(NamedTuple):
    """One order in the gateway's book."""

    id: int
    tag: str
    contract_id: str
    side: int
    status: int
    at_ns: int
    parent_id: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it is an order of its own that was not rejected."""
        return self.status != OrderStatus.REJECTED and self.parent_id is None


def _nobody_hears(row: Row) -> None:
    """No hub is there."""


class Taken(NamedTuple):
    """What the gateway did with a request, and its whole answer."""

    what: str
    answer: bytes
    order_id: int | None = None


class Gateway:
    """Books orders; knows each tag once.

    Args:
        random: chance.
        ledger: what happens is written here.
        racy: the tag check does not see an order of the last 200 ms.
        refusing: the share of orders that are refused.
    """

    def __init__(
        self, random: Random, ledger: Ledger, racy: bool, refusing: float
    ) -> None:
        self.rows: list[Row] = []
        self.ahead_s = random.choice((0, 0, 0, -40, 600, -3600)) * random.random()
        self._random = random
        self._ledger = ledger
        self._racy = racy
        self._refusing = refusing
        self.known_order: int | None = None
        self.on_booked: Callable[[Row], Any] = _nobody_hears
        self.hollow_ns = 0  # so long a list leaves out a filled order of the client
        self.dead_until_ns = 0  # all that is read until then is a cache's, from before
        self._late: list[tuple[int, int, bytes]] = []
        self._number = FIRST_NUMBER

    def known(self, account_id: int) -> int | None:
        """An order that the client knows of; None where there is none."""
        return self.known_order

    def clock_s(self, at_ns: int) -> float:
        """The gateway's own clock."""
        return EPOCH_S + at_ns / SECOND + self.ahead_s

    def take_late(self, at_ns: int, body: bytes) -> None:
        """Take a request at a later time; nobody hears the answer."""
        heapq.heappush(self._late, (at_ns, len(self._late), body))

    def advance(self, to_ns: int) -> None:
        """Take every late request that is due by then."""
        while self._late and self._late[0][0] <= to_ns:
            at_ns, _, body = heapq.heappop(self._late)
            self.take(body, at_ns)

    @property
    def last_ns(self) -> int:
        """When the last late request is due; 0 where there is none."""
        return max((late[0] for late in self._late), default=0)

    def take(self, body: bytes, at_ns: int) -> Taken:
        """Take an order."""
        self.advance(at_ns)
        self._ledger.note("seen", at_ns, body)
        order = orjson.loads(body)
        tag = order["customTag"]
        if self._is_used(tag, at_ns):
            text = self._random.choice(IN_USE)
            return Taken("in use", envelope(None, 2, text))
        if self._refusing and self._random.random() < self._refusing:
            return self._refuse(order, at_ns)
        row = self._book(order, self._random.choice(LIVE), at_ns)
        if self._random.random() < 0.1:
            self._add_legs(row)
        return Taken("booked", envelope(row.id, 0, None), row.id)

    def list(self, since_s: float, at_ns: int, lag_ns: int) -> list[Row]:
        """What Order/search gives from a copy that lags behind."""
        return [
            row
            for row in self._shown(at_ns, lag_ns)
            if self.clock_s(row.at_ns) >= since_s and not self._is_left_out(row, at_ns)
        ]

    def trades(self, since_s: float, at_ns: int, lag_ns: int) -> list[Row]:
        """The orders of the trades that Trade/search gives."""
        return [
            row
            for row in self._shown(at_ns, lag_ns)
            if self.clock_s(row.at_ns) >= since_s and row.status == OrderStatus.FILLED
        ]

    def order(self, order_id: int, at_ns: int, lag_ns: int) -> Row | None:
        """What Order/searchById gives."""
        shown = self._shown(at_ns, lag_ns)
        return next((row for row in shown if row.id == order_id), None)

    def heal(self) -> None:
        """From now on it shows all that it has."""
        self.hollow_ns = self.dead_until_ns = 0

    def is_dead(self, at_ns: int) -> bool:
        """Whether what is read now comes out of a cache."""
        return at_ns < self.dead_until_ns

    def _shown(self, at_ns: int, lag_ns: int) -> list[Row]:
        self.advance(at_ns)
        shown_ns = -1 if self.is_dead(at_ns) else at_ns - lag_ns
        return [row for row in self.rows if row.at_ns <= shown_ns]

    def _is_left_out(self, row: Row, at_ns: int) -> bool:
        """An order that has traded; one that has not would leave no trace at all."""
        is_young = 0 <= row.at_ns and at_ns < row.at_ns + self.hollow_ns
        return is_young and row.status == OrderStatus.FILLED

    def add(self, row: Row) -> None:
        """An order that was there before."""
        self.rows.append(row)

    def _is_used(self, tag: str, at_ns: int) -> bool:
        race_ns = RACE_NS if self._racy else 0
        return any(
            row.tag == tag and abs(at_ns - row.at_ns) >= race_ns for row in self.rows
        )

    def _refuse(self, order: dict[str, Any], at_ns: int) -> Taken:
        """Some refusals leave a rejected order behind, which keeps the tag."""
        code, text = self._random.choice(REFUSALS)
        order_id = None
        if self._random.random() < 0.5:
            order_id = self._book(order, OrderStatus.REJECTED, at_ns).id
        shown = order_id if self._random.random() < 0.5 else None
        return Taken("refused", envelope(shown, code, text), order_id)

    def _book(self, order: dict[str, Any], status: int, at_ns: int) -> Row:
        self._number += 3
        row = Row(
            self._number,
            order["customTag"],
            order["contractId"],
            order["side"],
            status,
            at_ns,
        )
        self.rows.append(row)
        self._ledger.note("booked", at_ns, row)
        self.on_booked(row)
        return row

    def _add_legs(self, row: Row) -> None:
        """The legs of a bracket; one of them has the tag of the entry itself."""
        for number, tag in ((1, row.tag), (2, f"{row.tag}-TP")):
            leg = row._replace(id=row.id + number, tag=tag, parent_id=row.id)
            self.rows.append(leg)
            self.on_booked(leg)


class Ending(NamedTuple):
    """How an exchange ends, for the client; ``shows`` only the truth knows.

    Attributes:
        shows: of a read: the rows in it; None where it did not come whole.
    """

    at_ns: int
    evidence: Evidence
    shows: tuple[Row, ...] | None = None


class Question(NamedTuple):
    """What is read: a list since a time, or one order."""

    endpoint: Endpoint
    since_s: float
    order_id: int = 0


@dataclass(slots=True)
class Count:
    """How many exchanges there were, and in how many something went wrong."""

    exchanges: int = 0
    faulty: int = 0


class Network:
    """What is between the client and the gateway.

    Args:
        gateway: the other end.
        random: chance.
        ledger: when the first byte of an order leaves is written here.
        faults: the share of the exchanges in which something goes wrong.
        racy: see Gateway.
    """

    def __init__(
        self,
        gateway: Gateway,
        random: Random,
        ledger: Ledger,
        faults: float,
        racy: bool,
    ) -> None:
        self.faults = faults
        self.count = Count()
        self._gateway = gateway
        self._random = random
        self._ledger = ledger
        self._racy = racy
        self._written: dict[tuple[Endpoint, tuple[Row, ...]], bytes] = {}

    def place(self, body: bytes, start_ns: int) -> Ending:
        """An order is about to leave."""
        fault = PLACE_FAULTS[self._fault(PLACE_WEIGHTS)]
        if fault is Network._no_connection:
            return self._no_connection(start_ns)
        self._ledger.note("left", start_ns, body)
        return fault(self, body, start_ns + self._trip_ns())

    def read(self, question: Question, start_ns: int) -> Ending:
        """A look-up is about to leave, or another read."""
        fault = SEARCH_FAULTS[self._fault(SEARCH_WEIGHTS)]
        if fault is Network._no_connection:
            return self._no_connection(start_ns)
        return fault(self, question, start_ns + self._trip_ns())

    def _fault(self, weights: list[int]) -> int:
        """Which fault it is, from 1; 0 where nothing goes wrong."""
        self.count.exchanges += 1
        if self._random.random() >= self.faults:
            return 0
        self.count.faulty += 1
        return 1 + bisect(weights, self._random.random() * weights[-1])

    # ------------------------------------------------------------ answers to a place

    def _answered(self, body: bytes, at_ns: int) -> Ending:
        return self._whole(at_ns, 200, self._gateway.take(body, at_ns).answer)

    def _failed_after(self, body: bytes, at_ns: int) -> Ending:
        self._gateway.take(body, at_ns)
        return self._failure(at_ns)

    def _failed_before(self, body: bytes, at_ns: int) -> Ending:
        self._ledger.note("seen", at_ns, body)
        return self._failure(at_ns)

    def _limited_place(self, body: bytes, at_ns: int) -> Ending:
        self._ledger.note("seen", at_ns, body)
        self._ledger.note("turned away", at_ns)
        return self._limited(at_ns)

    def _client_error(self, body: bytes, at_ns: int) -> Ending:
        self._ledger.note("seen", at_ns, body)
        status = self._random.choice((400, 403, 404, 405, 413, 302))
        return self._whole(at_ns, status, b'{"title":"Bad Request"}')

    def _unauthorized(self, body: bytes, at_ns: int) -> Ending:
        self._ledger.note("seen", at_ns, body)
        self._ledger.note("turned away", at_ns)
        return self._whole(at_ns, 401, b"")

    def _garbled(self, body: bytes, at_ns: int) -> Ending:
        self._gateway.take(body, at_ns)
        return self._whole(at_ns, 200, self._random.choice(GARBAGE))

    def _cut(self, body: bytes, at_ns: int) -> Ending:
        answer = self._gateway.take(body, at_ns).answer
        return self._cut_short(at_ns, answer)

    def _timed_out_after(self, body: bytes, at_ns: int) -> Ending:
        self._gateway.take(body, at_ns)
        return self._timed_out(at_ns)

    def _timed_out_before(self, body: bytes, at_ns: int) -> Ending:
        self._ledger.note("seen", at_ns, body)
        return self._timed_out(at_ns)

    def _late(self, body: bytes, at_ns: int) -> Ending:
        """Given up by the client, or by a proxy, and applied after that."""
        if self._random.random() < 0.5:
            ending = self._timed_out(at_ns)
        else:
            ending = self._failure(at_ns)
        late_ns = ending.at_ns + int(self._random.random() * LATEST_NS)
        self._gateway.take_late(late_ns, body)
        return ending

    def _half(self, body: bytes, at_ns: int) -> Ending:
        """The connection dies with half of the request at the gateway."""
        self._ledger.note("seen", at_ns, body)
        return self._broken(at_ns, 55)

    def _pending(self, body: bytes, at_ns: int) -> Ending:
        """A code after which the order may live, or not."""
        code = self._random.choice((6, 7, 6, 7, 99))
        if self._random.random() < 0.3:
            self._ledger.note("seen", at_ns, body)
            return self._whole(at_ns, 200, envelope(None, code, None))
        order_id = self._gateway.take(body, at_ns).order_id
        return self._whole(at_ns, 200, envelope(order_id, code, None))

    def _without_id(self, body: bytes, at_ns: int) -> Ending:
        self._gateway.take(body, at_ns)
        return self._whole(at_ns, 200, envelope(None, 0, None))

    def _twice(self, body: bytes, at_ns: int) -> Ending:
        """Something sends it again, unseen; the second answer is what comes back.

        With a racy tag check, two copies within its blind time are two orders,
        whatever a client does: there they lie further apart.
        """
        self._gateway.take(body, at_ns)
        apart_ns = RACE_NS if self._racy else 0
        return PLACE_FAULTS[self._random.choice(SECOND_ANSWERS)](
            self, body, at_ns + apart_ns + self._trip_ns()
        )

    def _blocked(self, body: bytes, at_ns: int) -> Ending:
        """The connection dies unanswered and libcurl's own re-send is refused."""
        if self._random.random() < 0.5:
            self._gateway.take(body, at_ns)
        else:
            self._ledger.note("seen", at_ns, body)
        code, starts = self._random.choice(((42, 2), (65, 1), (52, 1), (56, 1)))
        return self._broken(at_ns, code, starts)

    def _in_use_by_nobody(self, body: bytes, at_ns: int) -> Ending:
        """The gateway says that the tag is in use, whether or not it is."""
        self._ledger.note("seen", at_ns, body)
        self._ledger.note("lied", at_ns)
        answer = envelope(None, 2, self._random.choice(IN_USE))
        return self._whole(at_ns, 200, answer)

    # ------------------------------------------------------------ answers to a read

    def _listed(self, question: Question, at_ns: int) -> Ending:
        lag_ns = int(self._random.expovariate(10.0) * SECOND)
        return self._list(
            question, at_ns, min(lag_ns, LONGEST_LAG_NS), self._date(at_ns)
        )

    def _listed_behind(self, question: Question, at_ns: int) -> Ending:
        lag_ns = int(self._random.uniform(1, 9) * SECOND)
        return self._list(question, at_ns, lag_ns, self._date(at_ns))

    def _listed_stale(self, question: Question, at_ns: int) -> Ending:
        """The Date is an older answer's, or there is none."""
        age_s = self._random.choice((0, 10, 300, 7200, 90_000)) * self._random.random()
        date = self._date(at_ns, age_s) if age_s else b""
        return self._list(question, at_ns, 0, date)

    def _list(self, question: Question, at_ns: int, lag_ns: int, date: bytes) -> Ending:
        gateway = self._gateway
        if question.endpoint is Endpoint.ORDER_BY_ID:
            row = gateway.order(question.order_id, at_ns, lag_ns)
            rows = [] if row is None else [row]
        elif question.endpoint is Endpoint.SEARCH_TRADES:
            rows = gateway.trades(question.since_s, at_ns, lag_ns)
        else:
            rows = gateway.list(question.since_s, at_ns, lag_ns)
        if gateway.is_dead(at_ns):
            date = self._date(-1)
        shows = tuple(rows)
        evidence = Evidence(body=self._answer(question.endpoint, shows), date=date)
        return Ending(at_ns + self._trip_ns(), evidence, shows)

    def _answer(self, endpoint: Endpoint, rows: tuple[Row, ...]) -> bytes:
        """The answer that shows these; most look-ups show what the last one did."""
        written = self._written.get((endpoint, rows))
        if written is None:
            written = orjson.dumps(self._document(endpoint, rows))
            self._written[endpoint, rows] = written
        return written

    def _document(self, endpoint: Endpoint, rows: tuple[Row, ...]) -> dict[str, Any]:
        good = {"success": True, "errorCode": 0, "errorMessage": None}
        shown = [listed(row, self._gateway.clock_s(row.at_ns)) for row in rows]
        if endpoint is Endpoint.SEARCH_TRADES:
            trades = [
                {"id": 1, "orderId": row["id"], "contractId": row["contractId"]}
                for row in shown
            ]
            return {"trades": trades, **good}
        if endpoint is Endpoint.SEARCH_ORDERS:
            return {"orders": shown, **good}
        if not shown:
            return {"order": None, **good, "success": False, "errorCode": 1}
        return {"order": shown[0], **good}

    def _listed_unreadable(self, question: Question, at_ns: int) -> Ending:
        """A member of our rows in it cannot be read, so nothing is shown for sure."""
        ending = self._listed(question, at_ns)
        name = LIST_NAMES[question.endpoint]
        document = orjson.loads(ending.evidence.body)
        shown = document.get(name)
        rows = shown if isinstance(shown, list) else [shown] if shown else []
        booked = {row.id for row in self._gateway.rows if row.id > FIRST_NUMBER}
        ours = [row for row in rows if row.get("id") in booked]
        if not ours:
            return ending
        for row in ours:
            member, values = self._random.choice(DAMAGE)
            row[member] = self._random.choice(values)
        evidence = Evidence(body=orjson.dumps(document), date=ending.evidence.date)
        return Ending(ending.at_ns, evidence)

    def _search_failed(self, question: Question, at_ns: int) -> Ending:
        return self._failure(at_ns)

    def _search_limited(self, question: Question, at_ns: int) -> Ending:
        return self._limited(at_ns)

    def _search_client_error(self, question: Question, at_ns: int) -> Ending:
        return self._whole(at_ns, self._random.choice((401, 403, 404)), b"")

    def _no_list(self, question: Question, at_ns: int) -> Ending:
        answer = self._random.choice(NO_LISTS + GARBAGE)
        return self._whole(at_ns, 200, answer)

    def _list_cut(self, question: Question, at_ns: int) -> Ending:
        return self._cut_short(at_ns, NO_LISTS[-2])

    def _list_dropped(self, question: Question, at_ns: int) -> Ending:
        return self._timed_out(at_ns)

    # ------------------------------------------------------------ what the client sees

    def _trip_ns(self) -> int:
        return int((0.005 + 0.1 * self._random.random()) * SECOND)

    def _date(self, at_ns: int, age_s: float = 0.0) -> bytes:
        return http_date(int(self._gateway.clock_s(at_ns) - age_s))

    def _whole(
        self, at_ns: int, status: int, body: bytes, retry_after: bytes = b""
    ) -> Ending:
        evidence = Evidence(
            http_status=status,
            body=body,
            date=self._date(at_ns) if self._random.random() < 0.7 else b"",
            retry_after=retry_after,
        )
        return Ending(at_ns + self._trip_ns(), evidence)

    def _failure(self, at_ns: int) -> Ending:
        status = self._random.choice((500, 500, 502, 503, 504, 520))
        wait = self._random.choice(WAITS) if status == 503 else b""
        return self._whole(at_ns, status, self._random.choice(GARBAGE), wait)

    def _limited(self, at_ns: int) -> Ending:
        wait = self._random.choice(WAITS)
        if self._random.random() < 0.2:
            wait = self._date(at_ns, -self._random.choice((1, 4, 100)))
        return self._whole(at_ns, 429, b"", wait)

    def _timed_out(self, at_ns: int) -> Ending:
        evidence = Evidence(curl_code=28, http_status=0, curl_error="timed out")
        return Ending(at_ns + REQUEST_NS, evidence)

    def _cut_short(self, at_ns: int, answer: bytes) -> Ending:
        """The connection ends within the answer; its length was known, or was not."""
        part = answer[: self._random.randrange(len(answer))]
        if self._random.random() < 0.3:
            return self._whole(at_ns, 200, part)
        evidence = Evidence(curl_code=18, body=part, curl_error="cut short")
        return Ending(at_ns + self._trip_ns(), evidence)

    def _broken(self, at_ns: int, code: int, starts: int = 1) -> Ending:
        evidence = Evidence(
            curl_code=code, starts=starts, http_status=0, curl_error="broken"
        )
        return Ending(at_ns + self._trip_ns(), evidence)

    def _no_connection(self, start_ns: int) -> Ending:
        code = self._random.choice((6, 7, 7, 7, 28, 35, 42))
        waited_ns = 2 * SECOND if code == 28 else self._trip_ns()
        evidence = Evidence(
            curl_code=code, starts=0, http_status=0, curl_error="no connection"
        )
        return Ending(start_ns + waited_ns, evidence)


PLACE_FAULTS: list[Any] = [
    Network._answered,
    Network._failed_after,
    Network._failed_before,
    Network._limited_place,
    Network._client_error,
    Network._unauthorized,
    Network._garbled,
    Network._cut,
    Network._timed_out_after,
    Network._timed_out_before,
    Network._late,
    Network._half,
    Network._pending,
    Network._without_id,
    Network._twice,
    Network._blocked,
    Network._no_connection,
    Network._in_use_by_nobody,
]
"""What may become of a place; the first is that nothing goes wrong."""

PLACE_WEIGHTS = list(accumulate((9, 9, 6, 3, 4, 4, 4, 8, 8, 12, 3, 5, 3, 10, 5, 6, 1)))
SECOND_ANSWERS = (0, 0, 0, 1, 3, 5, 7, 8)
"""Which of these may become of the second copy of a place."""

SEARCH_FAULTS: list[Any] = [
    Network._listed,
    Network._listed_behind,
    Network._listed_stale,
    Network._listed_unreadable,
    Network._search_failed,
    Network._search_limited,
    Network._search_client_error,
    Network._no_list,
    Network._list_cut,
    Network._list_dropped,
    Network._no_connection,
]
SEARCH_WEIGHTS = list(accumulate((30, 25, 8, 10, 5, 3, 8, 4, 10, 5)))
LIST_NAMES = {
    Endpoint.SEARCH_ORDERS: "orders",
    Endpoint.SEARCH_TRADES: "trades",
    Endpoint.ORDER_BY_ID: "order",
}
DAMAGE: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("customTag", (None, "", " ", 7, [])),
    ("parentOrderId", ("0", -1, 1.5, True)),
    ("side", (None, "0", 2, True)),
    ("contractId", (None, "", "12345", 7)),
    ("status", (None, "2", 0, 99, True)),
    ("id", (None, 0, "7", 1 << 63)),
    ("accountId", (None, "5", 6)),
)
"""Members that a verdict rests on, and values that say nothing."""


@lru_cache(maxsize=1 << 14)  # most gateways are right, and lives begin at one time
def http_date(shown_s: int) -> bytes:
    """A Date header."""
    return formatdate(shown_s, usegmt=True).encode()


def envelope(order_id: int | None, code: int, text: str | None) -> bytes:
    """The gateway's answer to a place."""
    return orjson.dumps(
        {
            "orderId": order_id,
            "success": code == 0,
            "errorCode": code,
            "errorMessage": text,
        }
    )


def listed(row: Row, created_s: float) -> dict[str, Any]:
    """A row as Order/search gives it."""
    created = datetime.fromtimestamp(created_s, timezone.utc).isoformat()
    shown = {
        "id": row.id,
        "accountId": 5,
        "contractId": row.contract_id,
        "creationTimestamp": created,
        "status": row.status,
        "type": 2,
        "side": row.side,
        "size": 1,
        "fillVolume": int(row.status == OrderStatus.FILLED),
        "customTag": row.tag,
    }
    if row.parent_id is not None:
        shown["parentOrderId"] = row.parent_id
    return shown
