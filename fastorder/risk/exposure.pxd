"""What the client knows of its positions and orders, in whole numbers."""

from libc.stdint cimport int64_t

from fastorder.risk.ledger cimport Ledger


cdef class Tracked:
    cdef readonly str tag
    cdef readonly object order_id       # the gateway's number; None before it is known
    cdef readonly Contract contract
    cdef readonly bint sells
    cdef readonly int size              # the largest that it may have
    cdef readonly int filled            # contracts that were seen to be filled
    cdef int traded                     # the same, by trades alone
    cdef readonly bint is_guessed       # of it a trade is known, and no row
    cdef bint is_new                    # no more than one fill of it is known
    cdef readonly bint in_flight        # not answered yet, or in doubt
    cdef readonly bint rests            # it may work: it is no market order
    cdef readonly bint unsure           # it has ended, how much it has filled is open
    cdef readonly double created_s      # on the wall clock; 0 where it is not known
    cdef readonly int64_t called_ns     # when this client asked for it; 0 otherwise
    cdef readonly int64_t ended_ns      # when its end was seen; 0 while it may fill
    cdef double updated_s               # when it last changed, on the gateway's clock
    cdef int64_t changed_ns             # when its size was last changed, or seen larger
    cdef list changes                   # its size, and those that were asked for since
    cdef readonly LegGroup legs         # of its bracket; None for none
    cdef readonly LegGroup group        # that it is a leg of; None for none

    cdef bint may_be_close(self) noexcept
    cdef int64_t left(self) noexcept
    cdef int64_t amount(self) noexcept
    cdef int open_count(self) noexcept


cdef class LegGroup:
    cdef readonly bint sells
    cdef readonly int size              # contracts of a leg that was not seen yet
    cdef readonly int expected          # legs that the bracket has
    cdef readonly dict seen             # those that were seen, by number
    cdef int64_t called_ns              # of its entry

    cdef int64_t amount(self) noexcept
    cdef int64_t unseen(self) noexcept
    cdef int open_count(self) noexcept


cdef class LastPrice:
    cdef readonly int64_t ticks
    cdef readonly int64_t at_ns         # when it was known; 0 for never
    cdef readonly bint is_valued        # what a tick of the contract is worth is known


cdef class Contract:
    cdef readonly Account account
    cdef readonly str contract_id
    cdef readonly int weight            # thousandths of a lot
    cdef readonly Ledger held           # by the fills that are known, and the lists
    cdef readonly int64_t buys          # contracts that may come to it
    cdef readonly int64_t sells
    cdef readonly int open_orders
    cdef int64_t worst                  # as it is counted in the account's lots
    cdef readonly LastPrice price
    cdef readonly set orders
    cdef readonly set groups

    cdef list all_orders(self)
    cdef int count(self, bint sells, int64_t amount, int open_count) except -1
    cdef int recount(self) except -1
    cdef int note_worst(self) except -1
    cdef int64_t worst_with(self, bint sells, int64_t size) noexcept
    cdef bint is_known(self) except -1
    cpdef bint is_at_stake(self) noexcept
    cdef bint lessens(self, bint sells, int64_t size) noexcept


cdef class Account:
    cdef readonly int account_id
    cdef readonly dict contracts        # each once, by the id that was told first
    cdef dict by_name                   # the same, by every id that was told
    cdef bint is_mixed                  # some of the ids may stand for one contract
    cdef readonly dict by_tag
    cdef readonly dict by_id
    cdef readonly dict groups           # legs, by the number of their entry
    cdef readonly int64_t lots          # thousandths, at the worst
    cdef readonly int64_t open_orders
    cdef readonly int64_t positions_ns  # when the newest answer was asked for; 0: none
    cdef object list                    # what it showed, and its two times
    cdef set trades                     # numbers of those that were counted
    cdef double since_s                 # the day's start: fills count from there
    cdef readonly int64_t day_ns        # when the day's trades were first asked for
    cdef readonly int64_t orders_ns
    cdef int64_t blind_ns               # lists of orders from before prove nothing
    cdef readonly bint known
    cdef readonly bint allowed          # it is one that may be traded
    cdef public int loss                # bits of Denied; 0 where all is well
    cdef public double loss_until_s     # when that is not known any more
    cdef Exposure exposure

    cdef int know(self) except -1
    cdef Contract contract(self, str contract_id)
    cdef Contract contract_anew(self, str contract_id)


cdef class Exposure:
    cdef readonly dict accounts
    cdef object lot_units
    cdef object allowed                 # numbers of accounts; None for any
    cdef dict prices                    # by contract
    cdef Account last

    cdef LastPrice price_of(self, str contract_id)

    cdef Account account(self, int account_id)
    cdef Tracked reserve(
        self, Contract contract, str tag, bint sells, int size, int legs, bint rests,
        int64_t called_ns)
    cdef int name(self, Account account, Tracked order, object order_id) except -1
    cdef int forget(self, Tracked order) except -1
    cdef Tracked tracked_anew(
        self, Account account, str contract_id, object order_id, object parent_id,
        bint sells, int size, bint rests, int64_t now_ns)
    cdef Tracked guessed(
        self, Account account, str contract_id, object order_id, bint sells,
        int64_t now_ns)
    cdef int adopt(
        self, Account account, Tracked order, object parent_id, bint rests) except -1
    cdef int update(
        self, Tracked order, int size, int filled, bint ended, bint exact,
        bint is_old, int64_t begun_ns, int64_t ended_ns) except -1
    cdef int fill(
        self, Tracked order, int filled, bint is_old, int64_t known_ns) except -1
    cdef int look_at_end(self, Tracked order) except -1
    cdef int let_go_of_group(self, Contract contract, LegGroup group) except -1
    cdef int compare(self, Account account) except -1
    cdef int compare_contract(
        self, Contract contract, int64_t size, int64_t begun_ns,
        int64_t ended_ns) except -1
