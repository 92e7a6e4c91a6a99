"""Exposure: what the client knows of positions and orders, never less than there is.

A position is what is held and what may come to it. What is held is a ``Ledger``: the
fills that are known, with the gateway's lists as witnesses. What may come is all that
an order may still fill. So the position lies between

    held.low - sells   and   held.high + buys

An order counts until it is seen to have ended, and to have filled no more than is
known. A row is one moment of an order, and may be ``LAG_NS`` old: fills only grow, an
end is the end, and a size is lowered only by a row that is younger than the larger one.

No clock is read here: times are given, in nanoseconds on the monotonic clock.
"""

cimport cython
from libc.stdint cimport int64_t

from fastorder.risk.ledger cimport LAG_NS, Ledger

from fastorder.gateway.rows import same_contract


@cython.freelist(64)
cdef class Tracked:
    """One order that may change a position, or has changed it."""

    def __repr__(self):
        side = "sell" if self.sells else "buy"
        name = self.tag or self.order_id
        return f"<{name}: {side} {self.size}, {self.filled} filled>"

    cdef bint may_be_close(self) noexcept:
        """Whether it was neither asked for, nor is a leg, nor was known before."""
        return self.is_new and self.tag is None and self.group is None

    cdef int64_t left(self) noexcept:
        """Contracts that may fill, or may have filled, unseen."""
        if self.ended_ns and not self.unsure:
            return 0
        return max(self.size - self.filled, 0)

    cdef int64_t amount(self) noexcept:
        """Contracts by which it may still change the position."""
        return self.left()

    cdef int open_count(self) noexcept:
        return 1 if not self.ended_ns and (self.rests or self.in_flight) else 0


cdef class LegGroup:
    """The legs of one bracket: they cancel one another, so one of them fills."""

    def __cinit__(self):
        self.seen = {}

    cdef int64_t amount(self) noexcept:
        cdef int64_t most = self.unseen()
        cdef Tracked leg
        for leg in self.seen.values():
            most = max(most, leg.left())
        return most

    cdef int64_t unseen(self) noexcept:
        """Contracts of a leg that was not seen yet."""
        return self.size if len(self.seen) < self.expected else 0

    cdef int open_count(self) noexcept:
        cdef int count = max(0, self.expected - <int>len(self.seen))
        cdef Tracked leg
        for leg in self.seen.values():
            count += 0 if leg.ended_ns else 1
        return count


cdef class LastPrice:
    """The last known price of a contract, and whether it tells dollars."""


cdef class Contract:
    """One contract in one account."""

    def __init__(
        self, Account account, str contract_id, int weight, LastPrice price
    ):
        self.account = account
        self.contract_id = contract_id
        self.weight = weight
        self.price = price
        self.held = Ledger()
        self.orders = set()
        self.groups = set()

    @property
    def possible(self):
        """The position at the least and at the most; a short one is negative."""
        return self.held.low - self.sells, self.held.high + self.buys

    cdef list all_orders(self):
        """Orders and legs that may still fill, or may have."""
        cdef LegGroup group
        found = list(self.orders)
        for group in self.groups:
            found.extend(group.seen.values())
        return found

    cdef int count(self, bint sells, int64_t amount, int open_count) except -1:
        if sells:
            self.sells += amount
        else:
            self.buys += amount
        self.open_orders += open_count
        self.account.open_orders += open_count
        return self.note_worst()

    cdef int recount(self) except -1:
        """Add up what may come, anew."""
        cdef Tracked order
        cdef LegGroup group
        self.account.open_orders -= self.open_orders
        self.buys = self.sells = self.open_orders = 0
        for order in self.orders:
            self.count(order.sells, order.amount(), order.open_count())
        for group in self.groups:
            self.count(group.sells, group.amount(), group.open_count())
        return self.note_worst()

    cdef int note_worst(self) except -1:
        cdef int64_t worst = self.worst_with(False, 0)
        self.account.lots += self.weight * (worst - self.worst)
        self.worst = worst
        return 0

    cdef int64_t worst_with(self, bint sells, int64_t size) noexcept:
        """The largest position of either side, if so much more were bought or sold."""
        cdef int64_t most = self.held.high + self.buys + (0 if sells else size)
        cdef int64_t least = self.held.low - self.sells - (size if sells else 0)
        return max(most, -least, 0)

    cdef bint is_known(self) except -1:
        """Whether all is known of it: what is told under another id may be of it."""
        return self.account.known and not (self.account.is_mixed and self.unclear())

    def unclear(self):
        """Ids that may stand for this contract too, with something at stake."""
        cdef Contract other
        return [
            other.contract_id for other in self.account.contracts.values()
            if other.is_at_stake()
            and same_contract(other.contract_id, self.contract_id) is None]

    cpdef bint is_at_stake(self) noexcept:
        """Whether anything is held of it, or may come to it."""
        return (
            self.open_orders or self.held.low or self.held.high
            or self.buys or self.sells)

    cdef bint lessens(self, bint sells, int64_t size) noexcept:
        """Whether an order can only make the position smaller, whatever fills first."""
        if sells:
            return self.held.low - self.sells - size >= 0
        return self.held.high + self.buys + size <= 0


cdef class Account:
    """One account: its contracts and its orders."""

    def __init__(self, int account_id, Exposure exposure, bint allowed):
        self.account_id = account_id
        self.contracts = {}
        self.by_name = {}
        self.by_tag = {}
        self.by_id = {}
        self.groups = {}
        self.trades = set()
        self.exposure = exposure
        self.allowed = allowed

    cdef int know(self) except -1:
        """All is known once orders, fills and positions were read."""
        self.known = self.orders_ns and self.day_ns and self.positions_ns
        return 0

    cdef Contract contract(self, str contract_id):
        found = self.by_name.get(contract_id)
        if found is None:
            found = self.by_name[contract_id] = self.contract_anew(contract_id)
        return <Contract>found

    cdef Contract contract_anew(self, str contract_id):
        """One whose id was not told yet; in other letters it may have been."""
        cdef Contract other
        for other in self.contracts.values():
            same = same_contract(other.contract_id, contract_id)
            if same:
                if self.exposure.price_of(contract_id).is_valued:
                    other.price.is_valued = True
                return other
            if same is None:
                self.is_mixed = True
        other = Contract(
            self, contract_id, self.exposure.lot_units(contract_id),
            self.exposure.price_of(contract_id))
        self.contracts[contract_id] = other
        return other


cdef class Exposure:
    """All accounts of one executor.

    Args:
        lot_units: gives what a contract counts, in thousandths of a lot.
        allowed: the accounts that may be traded; None for any.
    """

    def __init__(self, lot_units, allowed=None):
        self.accounts = {}
        self.prices = {}
        self.lot_units = lot_units
        self.allowed = allowed

    cdef Account account(self, int account_id):
        if self.last is not None and self.last.account_id == account_id:
            return self.last
        found = self.accounts.get(account_id)
        if found is None:
            allowed = self.allowed is None or account_id in self.allowed
            found = Account(account_id, self, allowed)
            self.accounts[account_id] = found
        self.last = <Account>found
        return self.last

    def account_of(self, int account_id):
        """The account, made where it is new."""
        return self.account(account_id)

    def contract_of(self, int account_id, str contract_id):
        """The contract in the account, made where it is new."""
        return self.account(account_id).contract(contract_id)

    def find(self, int account_id, order_id):
        """The order with this number; None where none is known."""
        return self.account(account_id).by_id.get(order_id)

    # ------------------------------------------------------------ orders of ours

    cdef Tracked reserve(
        self, Contract contract, str tag, bint sells, int size, int legs, bint rests,
        int64_t called_ns
    ):
        """An order is about to leave: from here on it counts as filled."""
        cdef Tracked order = Tracked.__new__(Tracked)
        cdef LegGroup group
        order.tag = tag
        order.contract = contract
        order.sells = sells
        order.size = size
        order.rests = rests
        order.in_flight = True
        order.called_ns = called_ns
        contract.account.by_tag[tag] = order
        contract.orders.add(order)
        contract.count(sells, size, 1)
        if legs:
            group = order.legs = LegGroup.__new__(LegGroup)
            group.sells = not sells
            group.size = size
            group.expected = legs
            group.called_ns = called_ns
            contract.groups.add(group)
            contract.count(group.sells, size, legs)
        return order

    def recalled(
        self, int account_id, str contract_id, str tag, bint sells, int size, int legs,
        bint rests, double created_s
    ):
        """An order that an earlier run left in doubt counts as filled."""
        cdef Contract contract = self.account(account_id).contract(contract_id)
        cdef Tracked order
        order = self.reserve(contract, tag, sells, size, legs, rests, 0)
        order.created_s = created_s

    def accepted(self, int account_id, str tag, order_id):
        """The gateway has taken it, under this number."""
        cdef Account account = self.account(account_id)
        cdef Tracked order = account.by_tag.get(tag)
        if order is None:
            return False
        if order.in_flight and not order.rests and not order.ended_ns:
            order.contract.count(order.sells, 0, -1)
        order.in_flight = False
        self.name(account, order, order_id)
        return True

    def released(self, int account_id, str tag):
        """No order exists: nothing of it left, or it was refused."""
        cdef Tracked order = self.account(account_id).by_tag.get(tag)
        if order is None or order.order_id is not None:
            return
        if order.legs is not None:
            order.contract.groups.discard(order.legs)
        self.forget(order)
        order.contract.recount()

    cdef int name(self, Account account, Tracked order, object order_id) except -1:
        """Its number is known; what was seen under it before is its own."""
        cdef LegGroup early
        cdef Tracked leg, known
        if order_id is None or order.order_id is not None:
            return 0
        order.order_id = order_id
        known = account.by_id.get(order_id)
        account.by_id[order_id] = order
        if known is not None:
            order.filled, order.traded = known.filled, known.traded
            order.contract.orders.discard(known)
            order.contract.recount()
        if order.legs is None:
            return 0
        early = account.groups.get(order_id)
        account.groups[order_id] = order.legs
        if early is not None:
            for leg in early.seen.values():
                leg.group = order.legs
                leg.called_ns = order.called_ns
            order.legs.seen.update(early.seen)
            order.contract.groups.discard(early)
            order.contract.recount()
        return 0

    cdef int forget(self, Tracked order) except -1:
        """It has no more part in any sum; the caller counts anew."""
        cdef Account account = order.contract.account
        order.contract.orders.discard(order)
        if order.tag is not None and account.by_tag.get(order.tag) is order:
            del account.by_tag[order.tag]
        if order.order_id is not None:
            account.by_id.pop(order.order_id, None)
        return 0

    # ------------------------------------------------------------ changes of ours

    def change_asked(self, Tracked order, int size, int64_t now_ns):
        """Another size was asked for: the larger one counts."""
        if order.changes is None:
            order.changes = [order.size]
        order.changes.append(size)
        order.size = max(order.size, size)
        order.changed_ns = now_ns
        if order.legs is not None:
            order.legs.size = max(order.legs.size, size)
        order.contract.recount()

    def change_ended(
        self, int account_id, order_id, int size, bint may_hold, int64_t now_ns
    ):
        """It was answered: a size that the order cannot have counts no more."""
        cdef Tracked order = self.account(account_id).by_id.get(order_id)
        if order is None or order.changes is None or size not in order.changes[1:]:
            return
        del order.changes[order.changes.index(size, 1)]
        if may_hold:
            order.changes[0] = max(order.changes[0], size)
        order.size = max(order.changes)
        order.changed_ns = now_ns
        if len(order.changes) == 1:
            order.changes = None
        order.contract.recount()

    def cancelled(self, int account_id, order_id, int64_t now_ns):
        """A cancel was accepted: no more of it fills; how much has, is not known.

        It counts for all that it may have filled until that is known.
        """
        cdef Tracked order = self.account(account_id).by_id.get(order_id)
        if order is None or order.ended_ns:
            return
        order.ended_ns = now_ns
        order.unsure = True
        order.contract.recount()

    def close_asked(self, int account_id, str contract_id, size):
        """A close leaves, of so many or of all: until it is seen, either may be so."""
        cdef Contract contract = self.account(account_id).contract(contract_id)
        contract.held.close_asked(size or 0)
        contract.note_worst()

    def close_ended(
        self, int account_id, str contract_id, size, bint may_hold, int64_t now_ns
    ):
        """It has ended; what it has filled is known once that was read."""
        cdef Contract contract = self.account(account_id).contract(contract_id)
        contract.held.close_ended(size or 0, may_hold, now_ns)
        contract.note_worst()

    # ------------------------------------------------------------ what was read

    def day_is(self, int account_id, double start_s):
        """The trading day; what traded before it is not counted one by one.

        Orders that ended before are forgotten: their rows are known by their times.
        """
        cdef Account account = self.account(account_id)
        cdef Tracked order
        cdef LegGroup group
        if start_s <= account.since_s:
            return
        account.since_s = start_s
        account.trades.clear()
        for number, order in list(account.by_id.items()):
            if order.ended_ns and not order.unsure and 0 < order.updated_s < start_s:
                del account.by_id[number]
                if order.group is not None:
                    order.group.seen.pop(number, None)
                    order.group.expected -= 1
        for number, group in list(account.groups.items()):
            if group.open_count() == 0 and group.amount() == 0:
                del account.groups[number]

    def order_seen(
        self, int account_id, str contract_id, order_id, str tag, parent_id,
        bint sells, int size, int filled, bint ended, bint exact, bint rests,
        double created_s, double updated_s, bint is_old, int64_t begun_ns,
        int64_t ended_ns
    ):
        """A row shows an order.

        Args:
            ended: no more of it fills.
            exact: of one that has ended, whether ``filled`` is all that it has filled.
            created_s, updated_s: on the gateway's clock; 0 where it does not say.
            is_old: it has changed so long ago that every list from now on shows it.
            begun_ns, ended_ns: when the answer was asked for, and was there.
        """
        cdef Account account = self.account(account_id)
        cdef bint is_past = 0 < updated_s < account.since_s
        cdef Tracked order = account.by_id.get(order_id)
        cdef Tracked named
        if tag is not None and (order is None or order.is_guessed):
            named = account.by_tag.get(tag)
            if named is not None and named.order_id is None and (
                named.sells == sells
                and named.contract is account.contract(contract_id)
            ):
                self.name(account, named, order_id)
                order = named
        if order is None:
            if ended and is_past and exact:
                return              # what it has filled was there before the day
            order = self.tracked_anew(
                account, contract_id, order_id, parent_id, sells, size, rests, ended_ns)
            if is_past:
                order.filled = filled
        if order.is_guessed:
            self.adopt(account, order, parent_id, rests)
        if created_s:
            order.created_s = created_s
        order.updated_s = max(order.updated_s, updated_s)
        self.name(account, order, order_id)
        order.in_flight = False
        self.update(order, size, filled, ended, exact, is_old, begun_ns, ended_ns)
        order.is_new = False

    cdef Tracked tracked_anew(
        self, Account account, str contract_id, object order_id, object parent_id,
        bint sells, int size, bint rests, int64_t now_ns
    ):
        """An order that this client has not asked for, or a leg."""
        cdef Tracked order = Tracked.__new__(Tracked)
        order.contract = account.contract(contract_id)
        order.sells = sells
        order.size = size
        order.order_id = order_id
        order.changed_ns = now_ns
        order.is_new = True
        account.by_id[order_id] = order
        self.adopt(account, order, parent_id, rests)
        return order

    cdef int adopt(
        self, Account account, Tracked order, object parent_id, bint rests
    ) except -1:
        """Put an order among those that may fill: alone, or as a leg of its bracket."""
        cdef LegGroup group
        if order.is_guessed:
            order.is_guessed = False
            order.ended_ns = 0
        order.rests = rests
        if parent_id is None:
            order.contract.orders.add(order)
            return 0
        group = account.groups.get(parent_id)
        if group is None:
            group = account.groups[parent_id] = LegGroup.__new__(LegGroup)
            group.sells = order.sells
            order.contract.groups.add(group)
        group.seen[order.order_id] = order
        order.group = group
        order.called_ns = group.called_ns
        return 0

    cdef int update(
        self, Tracked order, int size, int filled, bint ended, bint exact,
        bint is_old, int64_t begun_ns, int64_t ended_ns
    ) except -1:
        """A row is one moment of it: fills only grow, and an end is the end."""
        self.fill(order, filled, is_old, ended_ns)
        if size > order.size:
            order.size = size
            order.changed_ns = max(order.changed_ns, ended_ns)
        elif order.changes is None and begun_ns - LAG_NS > order.changed_ns:
            order.size = size
        if ended:
            if not order.ended_ns or (order.unsure and exact):
                order.unsure = not exact
            order.ended_ns = order.ended_ns or ended_ns
        return self.look_at_end(order)

    cdef int fill(
        self, Tracked order, int filled, bint is_old, int64_t known_ns
    ) except -1:
        """So much of it is filled, at least; what is new of that comes to the held."""
        cdef int more = filled - order.filled
        if more <= 0:
            return 0
        order.filled = filled
        order.contract.held.filled(
            -more if order.sells else more, known_ns, is_old, order.may_be_close())
        return 0

    cdef int look_at_end(self, Tracked order) except -1:
        """Let go of what fills no more; its number stays, so that it counts once."""
        cdef Contract contract = order.contract
        cdef bint is_over = order.ended_ns and not order.unsure
        if is_over and order.legs is not None and order.filled == 0:
            order.legs.expected = len(order.legs.seen)      # they never come to life
            self.let_go_of_group(contract, order.legs)
        if is_over and order.group is not None:
            self.let_go_of_group(contract, order.group)
        elif is_over:
            contract.orders.discard(order)
            if order.tag is not None and (
                    contract.account.by_tag.get(order.tag) is order):
                del contract.account.by_tag[order.tag]
        return contract.recount()

    cdef int let_go_of_group(self, Contract contract, LegGroup group) except -1:
        """Where all its legs have ended, none of them fills."""
        if group.open_count() == 0 and group.amount() == 0:
            contract.groups.discard(group)
        else:
            contract.groups.add(group)
        return 0

    def positions_seen(
        self, int account_id, dict sizes, int64_t begun_ns, int64_t ended_ns
    ):
        """The whole list of positions of an account; a short one is negative.

        Returns:
            Whether it counts: one that was asked for before another does not.
        """
        cdef Account account = self.account(account_id)
        if begun_ns <= account.positions_ns:
            return False
        account.positions_ns = begun_ns
        account.list = (sizes, begun_ns, ended_ns)
        if account.day_ns:
            self.compare(account)
        return True

    cdef int compare(self, Account account) except -1:
        """Hold the newest list against what is known of fills."""
        cdef Contract contract
        cdef int64_t begun_ns, ended_ns
        cdef dict listed = {}
        sizes, begun_ns, ended_ns = account.list
        for contract_id, size in sizes.items():
            contract = account.contract(contract_id)
            listed[contract] = listed.get(contract, 0) + size
        for contract in account.contracts.values():
            self.compare_contract(
                contract, listed.get(contract, 0), begun_ns, ended_ns)
        account.know()
        return 0

    cdef int compare_contract(
        self, Contract contract, int64_t size, int64_t begun_ns, int64_t ended_ns
    ) except -1:
        """The same of one contract; where they agree, what has ended is over."""
        cdef int64_t buys = 0, sells = 0, left
        cdef list over = []
        cdef Tracked order
        cdef LegGroup group
        for order in contract.all_orders():
            left = order.left()
            if order.ended_ns and order.ended_ns < begun_ns - LAG_NS:
                over.append(order)      # whatever it has filled is in the list
            elif order.sells:
                sells += left
            else:
                buys += left
        for group in contract.groups:
            if group.sells:
                sells += group.unseen()
            else:
                buys += group.unseen()
        if contract.held.listed(size, buys, sells, begun_ns, ended_ns):
            for order in over:
                order.unsure = False
                self.look_at_end(order)
        return contract.recount()

    def orders_listed(self, int account_id, int64_t begun_ns):
        """The whole list of working orders was read, and its rows were seen."""
        cdef Account account = self.account(account_id)
        if begun_ns < account.blind_ns:
            return
        account.orders_ns = max(account.orders_ns, begun_ns)
        account.know()

    def trades_seen(
        self, int account_id, list trades, bint is_whole, int64_t begun_ns,
        int64_t ended_ns
    ):
        """Fills of an account.

        Args:
            trades: (number, order's number, contract, whether it sells, size, whether
                it is so old that every list from now on has it) each, of the day.
            is_whole: they are all of the day.
        """
        cdef Account account = self.account(account_id)
        cdef Tracked order
        cdef int size
        cdef bint sells, is_old
        for number, order_id, contract_id, sells, size, is_old in trades:
            if number in account.trades:
                continue
            account.trades.add(number)
            order = account.by_id.get(order_id)
            if order is None:
                order = self.guessed(
                    account, contract_id, order_id, sells, ended_ns)
            order.traded += size
            if order.is_guessed:
                order.size = order.traded
            self.fill(order, order.traded, is_old, ended_ns)
            order.is_new = False
            order.contract.recount()
        if is_whole and not account.day_ns:
            account.day_ns = begun_ns
            if account.list is not None:
                self.compare(account)

    cdef Tracked guessed(
        self, Account account, str contract_id, object order_id, bint sells,
        int64_t now_ns
    ):
        """An order of which a fill is known, and no row yet: it may fill no more."""
        cdef Tracked order = Tracked.__new__(Tracked)
        order.contract = account.contract(contract_id)
        order.sells = sells
        order.order_id = order_id
        order.ended_ns = now_ns
        order.is_guessed = order.is_new = True
        account.by_id[order_id] = order
        return order

    def forget_account(self, int account_id, int64_t now_ns):
        """An order is there that is not known: it is read before anything is known.

        The list of working orders has to be asked for so late that it shows it.
        """
        cdef Account account = self.account(account_id)
        account.known = False
        account.orders_ns = 0
        account.blind_ns = now_ns + LAG_NS

    def forget_positions(self, int account_id):
        """The newest list of positions could not be read."""
        cdef Account account = self.account(account_id)
        account.known = False
        account.positions_ns = 0

    # ------------------------------------------------------------ prices

    cdef LastPrice price_of(self, str contract_id):
        """The last known price of a contract, in whatever account."""
        found = self.prices.get(contract_id)
        if found is None:
            found = self.prices[contract_id] = LastPrice.__new__(LastPrice)
        return <LastPrice>found

    def price_seen(self, str contract_id, int64_t ticks, int64_t at_ns):
        """A price of a contract; one from before changes nothing."""
        cdef LastPrice price = self.price_of(contract_id)
        if at_ns >= price.at_ns:
            price.ticks = ticks
            price.at_ns = at_ns

    def value_seen(self, str contract_id):
        """What a tick of a contract is worth is known from here on."""
        cdef Account account
        cdef Contract contract
        self.price_of(contract_id).is_valued = True
        for account in list(self.accounts.values()):
            contract = account.by_name.get(contract_id)
            if contract is not None:
                contract.price.is_valued = True
