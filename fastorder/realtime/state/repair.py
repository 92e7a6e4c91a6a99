"""Whether the rows can be relied on, and the reads that make it so; no I/O.

After a gap nothing is proven. Reads leave once every subscription of the new connection
was answered: a first look at once, so that what was missed is told soon; and one that
proves, ``settle`` later, since what the gateway lists may be behind by that much. The
very first is of old trades, of which nobody knows when they came: the one that proves
is asked for ``settle`` after its answer, so that its positions have all of them. A look
proves where it was read in full, on the connection of now, and says of each contract
what the trades come to. Nothing is inferred: what does not agree stays unproven, and is
told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.realtime.state.looks import Look, Looked
from fastorder.realtime.state.moment import Moment
from fastorder.realtime.state.reading import Unreadable
from fastorder.realtime.state.told import (
    Change,
    Discrepancy,
    Filled,
    OrderChanged,
    Source,
    Synced,
    Unproven,
)
from fastorder.realtime.state.unheard import Unheard
from fastorder.realtime.state.verdict import (
    Verdict,
    judge,
    news,
    not_listed,
    positions_by_contract,
    untraded,
)
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.models import Order, Trade
    from fastorder.realtime.state.account_rows import AccountRows
    from fastorder.runtime.clock import Clock

BACK_S = 120.0
"""How much further back is read than what is proven: clocks differ."""

SEED_BACK_S = 900.0
"""How much further the first look reads: none of the others reads further than it."""

DAY_S = 86_400.0
"""How far back trades are read that were known, and may have been taken back."""

AGAIN_NS = (1 * SECOND_NS, 2 * SECOND_NS, 5 * SECOND_NS, 10 * SECOND_NS)
"""Pauses after looks that prove nothing, and between those for missed events."""

CALM_NS = AGAIN_NS[-1]
"""So long after such a pause without a missed event, they begin anew."""

KEPT_NS = 3 * 86_400 * SECOND_NS
"""How long what is over is remembered."""

DISAGREEMENTS = 3
"""So many looks in a row that contradict the rows are told."""

GRACE_NS = 2 * SECOND_NS
"""How long an event may be behind a read, a position or an order behind its trades."""

MOST_BY_ID = 20
"""Orders that one look asks for by their numbers."""

STARTING = "nothing was read yet"
UNSETTLED = "a position and its trades do not agree"
HALF_TOLD = "an order and its trades do not agree"
UNHEARD = "an order was accepted, and no event has told of it"

Told = Change | Unproven | Synced | Discrepancy


class Repair:
    """What is proven of one account's rows.

    Args:
        rows: reads are merged into them here.
        clock: time.
        settle_s: how far behind what the gateway lists may be.
        check_s: how often it is read though no gap was told.
        seed_back_s: how far back the first look reads.

    Attributes:
        unproven: since when and why the rows cannot be relied on; None where they can.
        looks: what is to be asked, each with its number; whoever asks takes it away.
        told: what is to be told, oldest first.
        due_ns: when ``time`` has something to do.
        why_not: why the last look proved nothing, for people.
    """

    def __init__(
        self,
        rows: AccountRows,
        clock: Clock,
        *,
        settle_s: float = 10.0,
        check_s: float = 60.0,
        seed_back_s: float = 0.0,
    ) -> None:
        self.unproven: Unproven | None = Unproven(clock.monotonic_ns(), STARTING)
        self.looks: list[tuple[int, Look]] = []
        self.told: list[Told] = []
        self.due_ns = FOREVER_NS
        self.why_not = ""
        self._rows = rows
        self._clock = clock
        self._settle_ns = int(settle_s * SECOND_NS)
        self._check_ns = int(check_s * SECOND_NS)
        self._seed = Moment(clock, seed_back_s + SEED_BACK_S)
        self._whole = self._seed  # what was before it is proven
        self._is_seeded = False
        self._live_ns: int | None = None  # all is subscribed since; None: it is not
        self._history_ns: int | None = None  # when the first of all looks had come
        self._trades_back_s = 0.0  # of the last look
        self._number = 0  # of the last look: an answer to an older one is not heard
        self._look: Look | None = None  # the one that is under way
        self._shown: Looked | None = None  # what its first part has shown
        self._misses = 0  # looks for missed events, one soon after the other
        self._may_look_ns = 0  # before that, no other for one
        self._is_put_off = False  # one is due then
        self._tries = 0
        self._disagreed = 0
        self._last: dict[str, int] | None = None  # of the look before, by contract
        self._suspects: frozenset[str] = frozenset()
        self._unheard = Unheard(rows)
        self._checks_ns = 0  # when the next check by the clock is due
        self._fills: list[Trade] = []
        self._orders: dict[int, Order] = {}

    # ------------------------------------------------------------ the connection

    def gap(self, since_ns: int, why: str) -> None:
        """Events may be missing, until the next ``live``."""
        self._live_ns = None
        self._doubt(since_ns, why)
        self._is_put_off = False
        self.due_ns = FOREVER_NS

    def live(self) -> None:
        """Every subscription was answered: no event is missed from here on."""
        first = self._live_ns is None
        self._live_ns = self._live_ns or self._clock.monotonic_ns()
        if first:
            self._begin_anew()

    def missed(self, since_ns: int, why: str) -> None:
        """An event was missed, or could not be read; the connection goes on."""
        self._doubt(since_ns, why)
        if self._live_ns is None:
            return
        now_ns = self._live_ns = self._clock.monotonic_ns()
        self._forget()
        if now_ns < self._may_look_ns:  # many come at once: one look for all of them
            self._is_put_off = True
            self.due_ns = self._may_look_ns
        else:
            self._look_for_missed()

    def _look_for_missed(self) -> None:
        """Ask; the next one waits, longer each time, until there is a calm.

        A hub that sends nothing readable for minutes must not use up the requests.
        """
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._may_look_ns + CALM_NS:
            self._misses = 0
        pause_ns = AGAIN_NS[min(self._misses, len(AGAIN_NS) - 1)]
        self._misses += 1
        self._may_look_ns = now_ns + pause_ns
        self._ask_whole()

    def _doubt(self, since_ns: int, why: str) -> None:
        self._rows.begin()
        self._rows.lose_bases(since_ns)
        self.looks.clear()
        self._look = self._shown = None
        self._number += 1
        if self.unproven is None:
            self.unproven = Unproven(since_ns, why)
            self.told.append(self.unproven)

    def _begin_anew(self) -> None:
        self._forget()
        self._ask_whole()

    def _forget(self) -> None:
        """What earlier looks have shown proves nothing any more."""
        self._tries = self._disagreed = 0
        self._last = None
        self._suspects = frozenset()

    # ------------------------------------------------------------ asking

    def _ask(self, look: Look) -> None:
        self._look = look
        self._is_put_off = False
        self._number += 1
        self.looks.append((self._number, look))
        self.due_ns = FOREVER_NS

    def _ask_whole(self) -> None:
        back_s = self._whole.ago_s + BACK_S
        self._trades_back_s = max(back_s, min(self._seed.ago_s, DAY_S))
        self._shown = None
        self._ask(Look(self._rows.account_id, back_s, self._trades_back_s))

    def time(self) -> None:
        """What was due is done; earlier than that, nothing."""
        if self._clock.monotonic_ns() < self.due_ns:
            return
        self.due_ns = FOREVER_NS
        if self._live_ns is None or self._look is not None:
            return
        if self._is_put_off:
            self._look_for_missed()
        elif self.unproven is not None:
            self._ask_whole()
        elif not self._stays_unsettled():
            self._check_in_time()

    # ------------------------------------------------------------ rows that disagree

    @property
    def unsettled(self) -> Unproven | None:
        """Since when the rows disagree among each other, and why; None: they agree."""
        rows = self._rows  # another thread may ask: copies are looked through
        found = [
            Unproven(held.unsettled_ns, f"{UNSETTLED} ({contract_id})")
            for contract_id, held in list(rows.positions.items())
            if held.unsettled_ns
        ]
        for number, since_ns in list(rows.half_told.items()):
            found.append(Unproven(since_ns, f"{HALF_TOLD} (order {number})"))
        for number, since_ns in self._unheard.since.items():
            found.append(Unproven(since_ns, f"{UNHEARD} (order {number})"))
        return min(found, default=None)

    def rows_changed(self) -> None:
        """What the rows disagree about may need a look later."""
        unsettled = self.unsettled
        if self.unproven is None and unsettled is not None:
            self.due_ns = min(self.due_ns, unsettled.since_ns + GRACE_NS)

    def accepted(self, numbers: Iterable[int]) -> None:
        """The gateway took these orders: each of them has to be told."""
        self._unheard.expect(numbers, self._clock.monotonic_ns())
        self.rows_changed()

    def _stays_unsettled(self) -> bool:
        unsettled, now_ns = self.unsettled, self._clock.monotonic_ns()
        if unsettled is None or now_ns < unsettled.since_ns + GRACE_NS:
            return False
        self.missed(*unsettled)
        return True

    # ------------------------------------------------------------ answers

    def looked(self, number: int, looked: Looked) -> None:
        """A look has ended.

        Args:
            number: which; one that another has taken the place of says nothing.
        """
        if number != self._number or self._look is None:
            return
        look, self._look = self._look, None
        try:
            if looked.why:
                raise Unreadable(looked.why)
            if self.unproven is None:
                self._checked(looked)
            else:
                self._read(look, looked)
        except Unreadable as error:
            self._failed(str(error))
        if self.unproven is None:
            self._forget_old()

    def _forget_old(self) -> None:
        """Let go of what is over for long; a clock that is wrong lets nothing go."""
        now_ns = int(self._clock.wall_s() * SECOND_NS)
        self._rows.forget_before(min(now_ns, self._rows.newest_ns) - KEPT_NS)

    def _failed(self, why: str) -> None:
        self.why_not = why
        self._rows.counts["looks that could not be read"] += 1
        again_ns = self._again_ns()
        if self.unproven is None:
            self._check_at(again_ns)
        else:
            self.due_ns = again_ns

    def _again(self) -> None:
        self.due_ns = self._again_ns()

    def _again_ns(self) -> int:
        """When what could not be read, or proved nothing, is read again."""
        pause_ns = AGAIN_NS[min(self._tries, len(AGAIN_NS) - 1)]
        self._tries += 1
        return self._clock.monotonic_ns() + pause_ns

    def _read(self, look: Look, looked: Looked) -> None:
        """Merge what came; ask for what it does not list; then judge it."""
        if look.whole:
            self._merge(looked)
            self._shown = looked
            if self._history_ns is None:
                self._history_ns = self._clock.monotonic_ns()
        else:
            self._merge_by_id(looked)
        assert self._shown is not None
        missing = not_listed(self._rows, self._shown)
        missing += [each for each in self._unheard.since if each not in missing]
        unasked = [each for each in missing if each not in self._shown.by_id]
        if unasked:
            by_id = tuple(unasked[:MOST_BY_ID])
            self._ask(Look(self._rows.account_id, whole=False, by_id=by_id))
        else:
            self._judge(self._shown, missing)

    @property
    def _source(self) -> Source:
        return "repair" if self._is_seeded else "seed"

    def _merge(self, looked: Looked) -> None:
        if None in (looked.accounts, looked.orders, looked.trades):
            raise Unreadable("a list is missing")
        self._needs_open(looked)
        rows, now_ns, source = self._rows, self._clock.monotonic_ns(), self._source
        positions = positions_by_contract(looked.positions or [], rows.account_id)
        self._tell(rows.read_accounts(looked.accounts or [], source))
        self._tell(rows.read_orders(looked.working or [], source, now_ns))
        self._tell(rows.read_orders(looked.orders or [], source, now_ns))
        self._tell(rows.read_trades(looked.trades or [], source, now_ns))
        self._tell(rows.read_positions(positions, source, now_ns))

    def _needs_open(self, looked: Looked) -> None:
        if looked.positions is None or looked.working is None:
            raise Unreadable("a list is missing")

    def _merge_by_id(self, looked: Looked) -> None:
        assert self._shown is not None
        for number, row in looked.by_id.items():
            if row is not None and row.get("id") != number:
                raise Unreadable(f"order {number} was asked for, another one came")
        rows = [row for row in looked.by_id.values() if row is not None]
        now_ns = self._clock.monotonic_ns()
        self._tell(self._rows.read_orders(rows, self._source, now_ns))
        self._shown.by_id.update(looked.by_id)
        for row in rows:
            self._unheard.known(row["id"])

    def _tell(self, changes: list[Change]) -> None:
        self.told += changes
        for change in changes:
            if isinstance(change, Filled):
                self._fills.append(change.trade)
            elif isinstance(change, OrderChanged):
                self._orders[change.order.id] = change.order

    # ------------------------------------------------------------ the verdict

    def _judge(self, looked: Looked, missing: list[int]) -> None:
        assert self._live_ns is not None
        assert self._history_ns is not None
        settled_ns = max(self._live_ns, self._history_ns) + self._settle_ns
        if looked.begun_ns < settled_ns:
            self.due_ns = max(settled_ns, self._clock.monotonic_ns())
            return
        verdict = judge(self._rows, looked, self._settle_ns, self._last)
        lost = [f"order {each} is not listed, nor known" for each in missing]
        lost += untraded(self._rows, looked.begun_ns - self._settle_ns, self._from_ns)
        if lost or verdict.wrong:
            self._disagree([*verdict.wrong, *lost], verdict.nets)
        elif verdict.busy:
            self.why_not = f"traded while read: {', '.join(verdict.busy)}"
            self._again()
        else:
            self._prove(looked, verdict)

    @property
    def _from_ns(self) -> int:
        """From when on the trades of every order are read, by the gateway's clock."""
        return int((self._clock.wall_s() - self._trades_back_s) * SECOND_NS)

    @property
    def _behind_ns(self) -> int:
        return self._settle_ns + GRACE_NS

    def _disagree(self, wrong: list[str], nets: dict[str, int]) -> None:
        self.why_not = "; ".join(wrong)
        self._disagreed += 1
        self._last = nets
        if self._disagreed == DISAGREEMENTS:
            self.told.append(Discrepancy(tuple(wrong)))
        self._again()

    def _prove(self, looked: Looked, verdict: Verdict) -> None:
        was, now_ns, rows = self.unproven, self._clock.monotonic_ns(), self._rows
        assert was is not None
        assert self._live_ns is not None
        for contract_id in verdict.rebased:
            rows.position(contract_id).base(verdict.nets.get(contract_id, 0), now_ns)
        for held in rows.untraded(looked.begun_ns - self._settle_ns):
            rows.leave_to_before(held)
        positions = positions_by_contract(looked.positions or [], rows.account_id)
        self._tell(rows.read_positions(positions, self._source, now_ns))
        took_s = (now_ns - self._live_ns) / SECOND_NS
        synced = Synced(*was, took_s)
        if self._is_seeded:
            orders, rebased = tuple(self._orders.values()), tuple(verdict.rebased)
            synced = Synced(*was, took_s, tuple(self._fills), orders, rebased)
        ago_ns = now_ns - looked.begun_ns + self._settle_ns
        self._whole = Moment(self._clock, ago_ns / SECOND_NS)
        self._is_seeded = True
        rows.prove_flat(now_ns)
        self._fills, self._orders = [], {}
        self.unproven, self.why_not, self._tries = None, "", 0
        self.told.append(synced)
        self._next_check()

    # ------------------------------------------------------------ the check by clock

    def _next_check(self) -> None:
        self._check_at(self._clock.monotonic_ns() + self._check_ns)

    def _check_at(self, due_ns: int) -> None:
        self.due_ns = self._checks_ns = due_ns
        self.rows_changed()

    def _check_in_time(self) -> None:
        """Rows that have agreed meanwhile are no reason to check before its time."""
        if self._clock.monotonic_ns() >= self._checks_ns:
            self._check()
        else:
            self._check_at(self._checks_ns)

    def _check(self) -> None:
        """What is flat by what was told is read too: all of its events may be lost."""
        self._ask(Look(self._rows.account_id))

    def _checked(self, looked: Looked) -> None:
        """Nothing that is listed may be news, unless its event is on its way."""
        self._needs_open(looked)
        self._tries = 0
        suspects = news(self._rows, looked, self._behind_ns)
        again, self._suspects = suspects & self._suspects, suspects
        if again:
            why = f"no event has told of {', '.join(sorted(again))}"
            self.missed(looked.begun_ns, why)
        elif suspects:
            self._check_at(self._clock.monotonic_ns() + GRACE_NS)
        else:
            self._next_check()
