"""Exposure: what the client knows of positions and orders, never less than there is.

A position is a base and what may come to it. The base is what the gateway's list of
positions has shown; where a close is under way it is a range. What may come is each
order that was not seen to end before that list was asked for: all that it may still
fill, and what it has filled and the base may lack. So the position lies between

    net_low - sells   and   net_high + buys

Orders leave once a list of positions was asked for after their end was seen. The fills
of an order that this client asked for after that list go into the base exactly.

No clock is read here: times are given, in nanoseconds on the monotonic clock.
"""

cimport cython
from libc.stdint cimport int64_t


@cython.freelist(64)
cdef class Tracked:
    """One order that may change a position, or has changed it."""

    def __repr__(self):
        side = "sell" if self.sells else "buy"
        name = self.tag or self.order_id
        return f"<{name}: {side} {self.size}, {self.filled} filled>"

    cdef int64_t left(self) noexcept:
        """Contracts that may fill, or may have filled, unseen."""
        if self.ended_ns and not self.unsure:
            return 0
        return max(self.size - self.filled, 0)

    cdef int64_t amount(self) noexcept:
        """Contracts by which it may change the base."""
        return self.left() + self.filled - self.counted

    cdef int open_count(self) noexcept:
        return 1 if not self.ended_ns and (self.rests or self.in_flight) else 0


cdef class LegGroup:
    """The legs of one bracket: they cancel one another, so one of them fills."""

    def __cinit__(self):
        self.seen = {}

    cdef int64_t amount(self) noexcept:
        cdef int64_t filled = 0
        cdef int64_t most = self.size if len(self.seen) < self.expected else 0
        cdef Tracked leg
        for leg in self.seen.values():
            filled += leg.filled - leg.counted
            most = max(most, leg.left())
        return filled + most

    cdef int open_count(self) noexcept:
        cdef int count = max(0, self.expected - <int>len(self.seen))
        cdef Tracked leg
        for leg in self.seen.values():
            count += 0 if leg.ended_ns else 1
        return count


cdef class LastPrice:
    """The last known price of a contract."""


cdef class Contract:
    """One contract in one account."""

    def __init__(
        self, Account account, str contract_id, int weight, LastPrice price
    ):
        self.account = account
        self.contract_id = contract_id
        self.weight = weight
        self.price = price
        self.orders = set()
        self.groups = set()

    @property
    def possible(self):
        """The position at the least and at the most; a short one is negative."""
        return self.net_low - self.sells, self.net_high + self.buys

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
        cdef int64_t most = self.net_high + self.buys + (0 if sells else size)
        cdef int64_t least = self.net_low - self.sells - (size if sells else 0)
        return max(most, -least, 0)

    cdef bint lessens(self, bint sells, int64_t size) noexcept:
        """Whether an order can only make the position smaller, whatever fills first."""
        if sells:
            return self.net_low - self.sells - size >= 0
        return self.net_high + self.buys + size <= 0


cdef class Account:
    """One account: its contracts and its orders."""

    def __init__(self, int account_id, Exposure exposure, bint allowed):
        self.account_id = account_id
        self.contracts = {}
        self.by_tag = {}
        self.by_id = {}
        self.groups = {}
        self.exposure = exposure
        self.allowed = allowed

    cdef Contract contract(self, str contract_id):
        cdef Contract made
        found = self.contracts.get(contract_id)
        if found is None:
            made = Contract(
                self, contract_id, self.exposure.lot_units(contract_id),
                self.exposure.price_of(contract_id))
            made.exact_since_ns = self.listed_ns    # it was in no list up to now
            found = self.contracts[contract_id] = made
        return <Contract>found


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
        """Its number is known; legs that were seen before it are its own."""
        cdef LegGroup early
        cdef Tracked leg
        if order_id is None or order.order_id is not None:
            return 0
        order.order_id = order_id
        account.by_id[order_id] = order
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

    def close_asked(self, int account_id, str contract_id):
        """A close leaves: the base may be anything from there to none."""
        cdef Contract contract = self.account(account_id).contract(contract_id)
        contract.closing += 1
        self.widen(contract)

    def close_ended(self, int account_id, str contract_id, int64_t now_ns):
        """It has ended; what was asked for before is not counted exactly."""
        cdef Contract contract = self.account(account_id).contract(contract_id)
        contract.closing -= 1
        contract.exact_since_ns = max(contract.exact_since_ns, now_ns)
        self.widen(contract)

    cdef int widen(self, Contract contract) except -1:
        contract.net_low = min(contract.net_low, 0)
        contract.net_high = max(contract.net_high, 0)
        return contract.note_worst()

    # ------------------------------------------------------------ what was read

    def order_seen(
        self, int account_id, str contract_id, order_id, str tag, parent_id,
        bint sells, int size, int filled, bint ended, bint exact, bint rests,
        double created_s, int64_t begun_ns, int64_t ended_ns
    ):
        """A row shows an order.

        Args:
            ended: no more of it fills.
            exact: of one that has ended, whether ``filled`` is all that it has filled.
            begun_ns, ended_ns: when the answer was asked for, and was there.
        """
        cdef Account account = self.account(account_id)
        cdef Tracked order = account.by_id.get(order_id)
        if order is None and tag is not None:
            order = account.by_tag.get(tag)
            if order is not None and (
                order.order_id is not None or order.sells != sells
                or order.contract.contract_id != contract_id
            ):
                order = None
        if order is None:
            if ended and (parent_id is None or parent_id not in account.groups):
                return      # what ended before it was ever known is in the positions
            order = self.tracked_anew(
                account, contract_id, order_id, parent_id, sells, size, rests)
        if created_s:
            order.created_s = created_s
        self.name(account, order, order_id)
        order.in_flight = False
        self.update(order, size, filled, ended, exact, begun_ns, ended_ns)

    cdef Tracked tracked_anew(
        self, Account account, str contract_id, object order_id, object parent_id,
        bint sells, int size, bint rests
    ):
        """An order that this client has not asked for, or a leg."""
        cdef Tracked order = Tracked.__new__(Tracked)
        cdef LegGroup group
        order.contract = account.contract(contract_id)
        order.sells = sells
        order.size = size
        order.rests = rests
        order.order_id = order_id
        account.by_id[order_id] = order
        if parent_id is None:
            order.contract.orders.add(order)
            return order
        group = account.groups.get(parent_id)
        if group is None:
            group = account.groups[parent_id] = LegGroup.__new__(LegGroup)
            group.sells = sells
            order.contract.groups.add(group)
        group.seen[order_id] = order
        order.group = group
        order.called_ns = group.called_ns
        return order

    cdef int update(
        self, Tracked order, int size, int filled, bint ended, bint exact,
        int64_t begun_ns, int64_t ended_ns
    ) except -1:
        """A row is one moment of it: fills only grow, and an end is the end."""
        cdef Contract contract = order.contract
        cdef int64_t more
        if order.ended_ns and not order.unsure:
            return 0
        if order.changes is None and begun_ns > order.changed_ns:
            order.size = size
        else:
            order.size = max(order.size, size)
        if filled > order.filled:
            order.filled = filled
            order.seen_ns = ended_ns
        if ended:
            if not order.ended_ns or (order.unsure and exact):
                order.unsure = not exact
            order.ended_ns = order.ended_ns or ended_ns
            order.seen_ns = max(order.seen_ns, ended_ns)
        more = order.filled - order.counted
        if more > 0 and not contract.closing and (
                order.called_ns > contract.exact_since_ns > 0):
            contract.net_low += -more if order.sells else more
            contract.net_high += -more if order.sells else more
            order.counted = order.filled
        if order.legs is not None and order.ended_ns and not order.unsure:
            if order.filled == 0:       # its legs never come to life
                order.legs.expected = len(order.legs.seen)
        contract.recount()
        if order.ended_ns and order.amount() == 0 and order.group is None:
            self.forget(order)
        return 0

    def positions_seen(
        self, int account_id, dict sizes, int64_t begun_ns, int64_t ended_ns
    ):
        """The whole list of positions of an account; a short one is negative.

        Returns:
            Whether it counts: one that was asked for before another does not.
        """
        cdef Account account = self.account(account_id)
        cdef Contract contract
        if begun_ns <= account.positions_ns:
            return False
        for contract_id in sizes:
            account.contract(contract_id)
        for contract in list(account.contracts.values()):
            self.rebase(
                contract, sizes.get(contract.contract_id, 0), begun_ns, ended_ns)
        account.positions_ns = begun_ns
        account.listed_ns = ended_ns
        account.known = account.orders_ns > 0
        return True

    cdef int rebase(
        self, Contract contract, int64_t size, int64_t begun_ns, int64_t ended_ns
    ) except -1:
        """The base is what the list shows; it holds all that was seen before it."""
        cdef Tracked order
        cdef LegGroup group
        for order in list(contract.orders):
            if order.ended_ns and order.ended_ns < begun_ns:
                self.forget(order)
            else:
                order.counted = order.filled if order.seen_ns < begun_ns else 0
        for group in list(contract.groups):
            for order in list(group.seen.values()):
                if order.ended_ns and order.ended_ns < begun_ns:
                    order.counted = order.filled
                    order.unsure = False
                else:
                    order.counted = order.filled if order.seen_ns < begun_ns else 0
            if group.open_count() == 0 and group.amount() == 0:
                self.forget_group(contract, group)
        contract.net_low = contract.net_high = size
        if begun_ns > contract.exact_since_ns and not contract.closing:
            contract.exact_since_ns = ended_ns
        else:                           # a close was under way
            contract.net_low = min(size, 0)
            contract.net_high = max(size, 0)
            contract.exact_since_ns = max(contract.exact_since_ns, ended_ns)
        return contract.recount()

    def forget_group(self, Contract contract, LegGroup group):
        """All its legs have ended, and the base has what they have filled."""
        contract.groups.discard(group)
        for number in group.seen:
            contract.account.by_id.pop(number, None)
        for number, known in list(contract.account.groups.items()):
            if known is group:
                del contract.account.groups[number]

    def orders_listed(self, int account_id, int64_t begun_ns):
        """The whole list of working orders was read, and its rows were seen."""
        cdef Account account = self.account(account_id)
        account.orders_ns = max(account.orders_ns, begun_ns)
        account.known = account.positions_ns > 0

    def trades_seen(self, int account_id, dict sizes, int64_t ended_ns):
        """What each order has traded, at least: contracts by its number."""
        cdef Account account = self.account(account_id)
        cdef Tracked order
        for order_id, size in sizes.items():
            order = account.by_id.get(order_id)
            if order is not None and size > order.filled:
                whole = size >= order.size and order.changes is None
                self.update(order, order.size, size, whole, whole, 0, ended_ns)

    def forget_account(self, int account_id):
        """Nothing of its positions is known any more until they are read again."""
        cdef Account account = self.account(account_id)
        account.known = False
        account.orders_ns = 0

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
