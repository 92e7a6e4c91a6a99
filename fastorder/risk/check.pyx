"""The check of an order against the limits; a success makes no object but the order's.

What is found is a number: the bits of ``Denied``. Words are made of it only where an
order is refused.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.codec.price cimport price_bytes
from fastorder.gateway.contracts cimport Listing
from fastorder.risk.exposure cimport Account, Contract, Exposure, Tracked
from fastorder.runtime.clock cimport Clock

from fastorder.errors import RiskDenied

cdef enum:                              # as in Denied
    HALTED = 1 << 0
    ACCOUNT = 1 << 1
    SYMBOL = 1 << 2
    MAX_ORDER_SIZE = 1 << 3
    REDUCING = 1 << 4
    FLAT_BY = 1 << 5
    LOSS_UNKNOWN = 1 << 8
    EXPOSURE_UNKNOWN = 1 << 9
    ORDER_UNKNOWN = 1 << 10
    MAX_POSITION = 1 << 11
    MAX_LOTS = 1 << 12
    MAX_OPEN_ORDERS = 1 << 13
    PRICE_UNKNOWN = 1 << 14
    PRICE_COLLAR = 1 << 15
    MAX_ORDERS_PER_SECOND = 1 << 16
    DUPLICATE = 1 << 17

    IS_ACTIVE = 0
    IS_REDUCING = 1
    IS_HALTED = 2

    MARKET = 2                          # the wire's number of the type

    SECOND_NS = 1_000_000_000


cdef class RecentOrders:
    """When the last orders left, and what they were, in a ring."""

    def __cinit__(self, int room):
        self.room = room
        self.ring = <sent_t*>calloc(room, sizeof(sent_t))
        if self.ring is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.ring)

    cdef int add(self, int64_t at_ns, uint64_t what) except -1:
        self.newest = (self.newest + 1) % self.room
        self.ring[self.newest].at_ns = at_ns
        self.ring[self.newest].what = what
        self.count = min(self.count + 1, self.room)
        return 0

    cdef bint has(self, uint64_t what, int64_t since_ns) noexcept:
        """Whether one of these has left since then."""
        cdef int i, place
        for i in range(self.count):
            place = (self.newest - i + self.room) % self.room
            if self.ring[place].at_ns <= since_ns:
                return False
            if self.ring[place].what == what:
                return True
        return False

    cdef int64_t nth_ns(self, int n) noexcept:
        """When the n-th from the last has left; 0 where there were fewer."""
        if n > self.count:
            return 0
        return self.ring[(self.newest - n + 1 + self.room) % self.room].at_ns

    cdef int grow(self) except -1:
        """Twice the room, where all of it is still needed."""
        cdef sent_t* ring = <sent_t*>calloc(2 * self.room, sizeof(sent_t))
        cdef int i
        if ring is NULL:
            raise MemoryError
        for i in range(self.count):     # oldest first
            ring[i] = self.ring[
                (self.newest - self.count + 1 + i + self.room) % self.room]
        free(self.ring)
        self.ring = ring
        self.room *= 2
        self.newest = self.count - 1
        return 0


cdef class Guard:
    """Holds the orders of one executor to its limits.

    Args:
        limits: a RiskLimits.
        exposure: what is known of the accounts.
        clock: both clocks.
    """

    def __init__(self, limits, Exposure exposure not None, Clock clock not None):
        self.limits = limits
        self.exposure = exposure
        self.clock = clock
        self.max_order_size = number_of(limits.max_order_size)
        self.max_position = number_of(limits.max_position)
        self.max_lots = -1 if limits.max_lots is None else int(limits.max_lots * 1000)
        self.max_open_orders = number_of(limits.max_open_orders)
        self.collar_ticks = number_of(limits.price_collar_ticks)
        self.price_max_age_ns = int(limits.price_max_age * SECOND_NS)
        self.window_ns = int((limits.duplicate_window or 0) * SECOND_NS)
        self.rate = limits.max_orders_per_second or 0
        self.symbols = limits.symbols
        self.has_flat = limits.flat_by is not None
        self.needs_loss = (
            limits.max_daily_loss is not None or limits.trailing_loss is not None)
        self.until_s = float("inf")
        self.recent = RecentOrders(max(256, self.rate))

    def _use_clock(self, Clock clock not None):
        """Go by another clock from here on; a test moves it."""
        self.clock = clock

    # ------------------------------------------------------------ orders

    cpdef int admit(
        self, OrderRequest order, Listing listing, str tag, int64_t now_ns
    ) except -1:
        """Refuse an order, or count it in from here on.

        Raises:
            RiskDenied: with all that refuses it; nothing was counted.
        """
        cdef Account account = self.exposure.account(order.account_id)
        cdef Contract contract = account.contract(listing.contract_id)
        cdef int found = self.breaches(order, listing, contract, now_ns)
        if found:
            raise RiskDenied(self.words(found, self.asked(order, listing, contract)))
        if self.rate or self.window_ns:
            self.note_pace(order, listing, now_ns)
        self.exposure.reserve(
            contract, tag, order.sells, order.quantity, legs_of(order),
            order.kind != MARKET, now_ns)
        return 0

    def recalled(
        self, OrderRequest order, str tag, str contract_id, double created_s
    ):
        """An order that an earlier run left in doubt counts as filled."""
        self.exposure.recalled(
            order.account_id, contract_id, tag, order.sells, order.quantity,
            legs_of(order), order.kind != MARKET, created_s)

    def denials(self, OrderRequest order, Listing listing, int64_t now_ns):
        """All that refuses an order now; nothing is counted."""
        cdef Account account = self.exposure.account(order.account_id)
        cdef Contract contract = account.contract(listing.contract_id)
        cdef int found = self.breaches(order, listing, contract, now_ns)
        if not found:
            return ()
        return self.words(found, self.asked(order, listing, contract))

    def asked(self, OrderRequest order, Listing listing, Contract contract):
        """What an order asks for, for the words of a refusal."""
        from fastorder.risk.wording import Asked  # loaded with limits

        given = {
            "limit_price": order.limit_price, "stop_price": order.stop_price,
            "trail_price": order.trail_price}
        prices = {name: price for name, price in given.items() if price is not None}
        return Asked(
            self.limits, order.account_id, contract, order.symbol, order.sells,
            order.quantity, legs_of(order), prices)

    def asked_to_change(
        self, Tracked order, int account_id, order_id, quantity, dict prices
    ):
        """What a change asks for, for the words of a refusal."""
        from fastorder.risk.wording import Asked  # loaded with limits

        if order is None:
            return Asked(
                self.limits, account_id, None, "", False, 0, 0,
                {"quantity": quantity, **prices}, order_id)
        more = 0 if quantity is None else max(0, quantity - order.size)
        return Asked(
            self.limits, account_id, order.contract, order.contract.contract_id,
            order.sells, more, 0, {"quantity": quantity, **prices}, order_id)

    cdef int breaches(
        self, OrderRequest order, Listing listing, Contract contract, int64_t now_ns
    ) except -1:
        """The bits of all that refuses it; 0 where it may leave."""
        cdef int legs = legs_of(order)
        cdef bint lessens = (
            legs == 0 and contract.is_known()
            and contract.lessens(order.sells, order.quantity))
        cdef int found = self.of_exposure(
            contract, order.sells, order.quantity, legs, lessens)
        if self.symbols is not None and not self.may_trade(order, listing):
            found |= SYMBOL
        if 0 <= self.max_order_size < order.quantity:
            found |= MAX_ORDER_SIZE
        if self.max_open_orders >= 0 and not lessens:
            if contract.account.open_orders + 1 + legs > self.max_open_orders:
                found |= MAX_OPEN_ORDERS
        if self.collar_ticks >= 0 and not lessens:
            found |= self.of_prices(order, listing, contract, now_ns)
        if self.rate or self.window_ns:
            found |= self.of_pace(order, listing, now_ns)
        return found

    cdef int of_exposure(
        self, Contract contract, bint sells, int64_t size, int legs, bint lessens
    ) except -1:
        """What exposure is held to; an order that lessens it passes in REDUCING."""
        cdef Account account = contract.account
        cdef int found = 0 if account.allowed else ACCOUNT
        cdef int64_t worst
        cdef double now_s
        if self.state != IS_ACTIVE and self.clock.wall_s() >= self.until_s:
            self.state = IS_ACTIVE
        if self.state == IS_HALTED:
            found |= HALTED
        if lessens:
            return found
        if self.state == IS_REDUCING:
            found |= REDUCING
        if self.has_flat or self.needs_loss:
            now_s = self.clock.wall_s()
            if self.has_flat and self.is_flat_time(now_s):
                found |= FLAT_BY
            if self.needs_loss:
                found |= LOSS_UNKNOWN if now_s >= account.loss_until_s else account.loss
                if not contract.price.is_valued:
                    found |= LOSS_UNKNOWN       # its loss could never be told
        if self.max_position < 0 and self.max_lots < 0 and self.max_open_orders < 0:
            if found & (REDUCING | FLAT_BY) and not contract.is_known():
                found |= EXPOSURE_UNKNOWN       # it might lessen the position
            return found
        if not contract.is_known():
            return found | EXPOSURE_UNKNOWN
        worst = (contract.held.low - contract.sells - size if sells
                 else contract.held.high + contract.buys + size)
        if 0 <= self.max_position < (-worst if sells else worst):
            found |= MAX_POSITION
        if self.max_lots >= 0:
            worst = contract.worst_with(sells, size)
            if worst > contract.worst:
                worst = account.lots + contract.weight * (worst - contract.worst)
                if worst > self.max_lots:
                    found |= MAX_LOTS
        return found

    cdef bint is_flat_time(self, double now_s) except -1:
        if not self.day_starts_s <= now_s < self.day_ends_s:
            from fastorder.risk.trading_day import trading_day  # loaded with limits

            day = trading_day(now_s)
            self.day_starts_s = day.start_s
            self.day_ends_s = day.end_s
            self.flat_from_s = day.at(self.limits.flat_by)
        return now_s >= self.flat_from_s

    cdef bint may_trade(self, OrderRequest order, Listing listing) except -1:
        return (
            order.symbol in self.symbols or listing.contract_id in self.symbols
            or order.symbol.upper() in self.symbols)

    # ------------------------------------------------------------ prices

    cdef int of_prices(
        self, OrderRequest order, Listing listing, Contract contract, int64_t now_ns
    ) except -1:
        cdef int found = 0
        if order.limit_text is not None:
            found |= self.of_price(order.limit_text, listing, contract, now_ns)
        if order.stop_text is not None:
            found |= self.of_price(order.stop_text, listing, contract, now_ns)
        if order.trail_text is not None:
            found |= self.of_price(order.trail_text, listing, contract, now_ns)
        return found

    cdef int of_price(
        self, bytes text, Listing listing, Contract contract, int64_t now_ns
    ) except -1:
        cdef int64_t away
        if listing.grid is None or contract.price.at_ns == 0:
            return PRICE_UNKNOWN
        if now_ns - contract.price.at_ns > self.price_max_age_ns:
            return PRICE_UNKNOWN
        away = listing.grid.ticks_of(text) - contract.price.ticks
        return PRICE_COLLAR if abs(away) > self.collar_ticks else 0

    # ------------------------------------------------------------ pace

    cdef int of_pace(
        self, OrderRequest order, Listing listing, int64_t now_ns
    ) except -1:
        cdef int found = 0
        cdef int64_t before
        if self.rate:
            before = self.recent.nth_ns(self.rate)
            if before and now_ns - before < SECOND_NS:
                found |= MAX_ORDERS_PER_SECOND
        if self.window_ns and order.idempotency_key is None:
            if self.recent.has(meaning_of(order, listing), now_ns - self.window_ns):
                found |= DUPLICATE
        return found

    def note_pace(self, OrderRequest order, Listing listing, int64_t now_ns):
        """It is about to leave."""
        cdef RecentOrders recent = self.recent
        if recent.count == recent.room and (
                now_ns - recent.nth_ns(recent.room) < self.window_ns):
            recent.grow()
        recent.add(now_ns, meaning_of(order, listing))

    # ------------------------------------------------------------ changes

    def admit_change(
        self, int account_id, order_id, quantity, prices, listing_of, int64_t now_ns
    ):
        """Refuse a modify that adds exposure or moves a price too far, or count it in.

        Args:
            prices: the new ones by their names.
            listing_of: gives the Listing of a contract id, or None.

        Raises:
            RiskDenied: with all that refuses it; nothing was counted.
        """
        cdef Tracked order = self.exposure.find(account_id, order_id)
        cdef int found = 0
        cdef Contract contract = None if order is None else order.contract
        if not self.exposure.account(account_id).allowed:
            found |= ACCOUNT
        if quantity is not None and 0 <= self.max_order_size < quantity:
            found |= MAX_ORDER_SIZE
        if order is None:
            if quantity is not None and self.asks_for_exposure():
                found |= ORDER_UNKNOWN
            if prices and self.collar_ticks >= 0:
                found |= ORDER_UNKNOWN
        else:
            if quantity is not None and quantity > order.size:
                found |= self.of_more(order, quantity - order.size)
            if prices and self.collar_ticks >= 0 and not self.only_lessens(order):
                found |= self.of_new_prices(
                    prices, listing_of(contract.contract_id), contract, now_ns)
        if found:
            raise RiskDenied(
                self.words(found, self.asked_to_change(
                    order, account_id, order_id, quantity, prices)))
        if order is not None and quantity is not None:
            self.exposure.change_asked(order, quantity, now_ns)

    cdef bint only_lessens(self, Tracked order) except -1:
        """A leg of a bracket, or an order that can only make the position smaller."""
        if order.group is not None:
            return True
        return (
            order.contract.is_known() and order.legs is None
            and order.contract.lessens(order.sells, 0))

    def asks_for_exposure(self):
        """Whether how much is added has to be known: by a limit, or by the state."""
        return (
            self.state != IS_ACTIVE or self.has_flat or self.needs_loss
            or self.max_position >= 0 or self.max_lots >= 0)

    cdef int of_more(self, Tracked order, int more) except -1:
        cdef Contract contract = order.contract
        cdef bint lessens = (
            contract.is_known() and order.legs is None
            and contract.lessens(order.sells, more))
        return self.of_exposure(contract, order.sells, more, 0, lessens)

    cdef int of_new_prices(
        self, dict prices, Listing listing, Contract contract, int64_t now_ns
    ) except -1:
        cdef int found = 0
        if listing is None:
            return PRICE_UNKNOWN
        for field, price in prices.items():
            found |= self.of_price(price_bytes(field, price), listing, contract, now_ns)
        return found


cdef int64_t number_of(object limit) except? -1:
    return -1 if limit is None else limit


cdef int legs_of(OrderRequest order) noexcept:
    return (1 if order.loss_ticks else 0) + (1 if order.profit_ticks else 0)


cdef uint64_t meaning_of(OrderRequest order, Listing listing):
    """The same for orders of one account, contract, side, size, type and prices."""
    cdef uint64_t found = 14695981039346656037ULL
    found = mixed(found, order.account_id)
    found = mixed(found, order.quantity)
    found = mixed(found, order.kind * 2 + order.sells)
    found = mixed(found, <uint64_t>hash(listing.contract_id))
    found = with_text(found, order.limit_text)
    found = with_text(found, order.stop_text)
    return with_text(found, order.trail_text)


cdef uint64_t mixed(uint64_t found, uint64_t value) noexcept:
    found ^= value
    found *= 1099511628211ULL
    return found ^ (found >> 29)


cdef uint64_t with_text(uint64_t found, bytes text) noexcept:
    """With the digits of a price; zeros behind its point do not count."""
    cdef const char* letters
    cdef Py_ssize_t size, i
    if text is None:
        return mixed(found, 1)
    letters = PyBytes_AS_STRING(text)
    size = PyBytes_GET_SIZE(text)
    if b"." in text:
        while size and letters[size - 1] == c'0':
            size -= 1
        if size and letters[size - 1] == c'.':
            size -= 1
    for i in range(size):
        found = mixed(found, <unsigned char>letters[i])
    return mixed(found, 2)
