"""The state of the exchange: plain structs of integers, copied and stored as they are.

Prices are ticks, money is micro-dollars, times are nanoseconds since 1970 UTC. A side
is 1 for a buy and -1 for a sell. No struct has a gap between its fields, so that the
same state is the same bytes.
"""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t

cdef extern from *:
    """
    #define NO_PRICE INT64_MIN
    #define LEAST INT64_MIN
    #define MOST INT64_MAX
    """
    const int64_t NO_PRICE
    const int64_t LEAST
    const int64_t MOST

cdef extern from "checked.h":
    bint add_fits(int64_t a, int64_t b, int64_t* total) noexcept nogil
    bint sub_fits(int64_t a, int64_t b, int64_t* difference) noexcept nogil
    bint mul_fits(int64_t a, int64_t b, int64_t* product) noexcept nogil
    int64_t share_of(int64_t total, int64_t part, int64_t whole) noexcept nogil
    uint64_t mixed(uint64_t number) noexcept nogil

cdef enum:
    # what kind an order is: the wire's numbers
    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7

cdef enum:
    # how an order stands: the wire's numbers
    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    PENDING = 6             # a market order that waits for the first price
    SUSPENDED = 8

cdef enum:
    # what an event tells
    ACCEPTED = 1
    REJECTED = 2
    TRADE = 3
    ORDER_CANCELLED = 4
    ORDER_EXPIRED = 5
    LEG_ADDED = 6
    LEG_ACTIVATED = 7
    MODIFIED = 8
    TRIGGERED = 9
    MODIFY_REFUSED = 10
    CANCEL_REFUSED = 11
    CLOSE_REFUSED = 12
    SETTLED = 13
    AMBIGUOUS = 14
    FLOOR_REACHED = 15

cdef enum:
    # flags of a trade
    TAKER = 1
    OPENS = 2
    IN_DOUBT = 4            # another path through the same bar ends otherwise

cdef enum:
    # what a request wants, and what is due at a time
    PLACE = 1
    MODIFY = 2
    CANCEL = 3
    CLOSE = 4
    ACTIVATE = 5
    ONE_CANCELS_OTHER = 6

cdef enum:
    # the rule that a request breaks
    ACCOUNT_NOT_FOUND = 1
    CONTRACT_NOT_FOUND = 2
    CONTRACT_NOT_ACTIVE = 3
    TAG_IN_USE = 4
    INVALID_TYPE = 5
    INVALID_SIDE = 6
    INVALID_SIZE = 7
    ACCOUNT_MAY_NOT_TRADE = 8
    MARKET_CLOSED = 9
    INVALID_SYMBOL = 10
    LIMIT_NOT_SET = 11
    LIMIT_NOT_ALIGNED = 12
    STOP_NOT_SET = 13
    STOP_NOT_ALIGNED = 14
    STOP_ON_WRONG_SIDE = 15
    TRAIL_NOT_SET = 16
    TRAIL_NOT_ALIGNED = 17
    TRAIL_WITHOUT_LAST = 18
    TRAIL_TOO_FAR = 19
    BRACKETS_NOT_ENABLED = 20
    INVALID_LEG_TYPE = 21
    STOP_LOSS_ON_WRONG_SIDE = 22
    TAKE_PROFIT_ON_WRONG_SIDE = 23
    STOP_LOSS_TOO_NEAR = 24
    TAKE_PROFIT_TOO_NEAR = 25
    ORDER_NOT_FOUND = 26
    POSITION_NOT_FOUND = 27
    INVALID_CLOSE_SIZE = 28

cdef enum:
    # why an exchange has stopped
    NO_MEMORY = 1
    TOO_MUCH_MONEY = 2
    TOO_LARGE_POSITION = 3

cdef enum:
    # what a datum has
    A_PRINT = 1
    A_QUOTE = 2

cdef enum:
    # fill models of resting limits
    TOUCH
    TRADE_THROUGH
    QUEUE

cdef enum:
    # which latency
    ENTRY
    RESPONSE
    LEG
    OCO
    LATENCIES

cdef enum:
    # the way through a bar
    WORST
    NEAREST
    HIGH_FIRST
    LOW_FIRST

cdef enum:
    LARGEST_POSITION = 0x7FFFFFFF
    LEAST_BRACKET = 4       # ticks
    MOST_TRAIL = 1000       # ticks


cdef struct request_t:
    int64_t id              # of the order, or the one that it makes
    int64_t limit           # NO_PRICE where it is not given
    int64_t stop
    int64_t trail
    int64_t tag             # 0 is none
    int64_t loss_tag
    int64_t profit_tag
    int64_t loss_ticks
    int64_t profit_ticks
    int32_t account
    int32_t contract
    int32_t size            # 0 in a modify or a close: not given
    int8_t what
    int8_t kind
    int8_t side
    int8_t has_size
    int16_t loss_kind       # 0 is no leg
    int16_t profit_kind
    int32_t spare


cdef struct due_t:
    int64_t time_ns
    int64_t turn            # of two at one time, the one that was asked for first
    request_t request


cdef struct order_t:
    int64_t id
    int64_t parent          # of a leg: its entry
    int64_t limit
    int64_t stop
    int64_t trail           # distance in ticks
    int64_t offset          # of a leg: signed ticks from the entry's fill
    int64_t ahead           # contracts that stand before it in the queue
    int64_t paid            # the sum of price times size of its fills
    int64_t accepted_ns
    int32_t account
    int32_t contract
    int32_t size
    int32_t filled
    int8_t side
    int8_t kind
    int8_t status
    int8_t triggered
    int8_t fresh            # takes what stands there, before it rests
    int8_t legs
    int16_t spare


cdef struct account_t:
    int64_t balance
    int64_t floor           # LEAST is none
    int32_t may_trade
    int32_t auto_oco


cdef struct position_t:
    int64_t size            # signed
    int64_t cost            # sum of price_ticks * tick value * size of what is open


cdef struct event_t:
    int64_t time_ns
    int64_t seen_ns
    int64_t order_id
    int64_t parent_id
    int64_t price
    int64_t profit
    int64_t fees
    int64_t commissions
    int64_t position
    int64_t balance
    int32_t account
    int32_t contract
    int32_t size
    int32_t left
    int16_t code
    int16_t reason
    int8_t kind
    int8_t order_kind
    int8_t side
    uint8_t flags


cdef struct walk_t:
    int64_t price[4]
    int64_t time_ns[4]
    int64_t now             # the price on the way
    int64_t started_ns      # when the stretch that is walked began
    int64_t from_price
    int32_t stretch         # 0 is no walk; 1 to 3 are its stretches
    int32_t undecided       # which extreme comes first; its high stands there
    int64_t next_price      # where the step that is taken leads
    int64_t known           # the bar's open, or its last print that filled an order


cdef struct contract_t:
    # the market
    int64_t last
    int64_t bid
    int64_t ask
    int64_t bid_size
    int64_t ask_size
    # nothing happens while a print lies between the first two, a quote the others
    int64_t low
    int64_t high
    int64_t ask_edge
    int64_t bid_edge
    # the rules
    int64_t tick_value
    int64_t fee
    int64_t commission
    int64_t spread
    int64_t slip
    int64_t stop_slip
    int64_t depth
    int64_t expires_ns
    int64_t session         # of the table: the one that is open, or the next
    int64_t sessions
    int64_t boundary_ns     # when it opens, closes or expires next
    int64_t outside         # data in the closed hour, passed over
    int8_t has_last
    int8_t quoted
    int8_t last_side        # 1: the last print was a buyer's, -1: a seller's
    int8_t is_open
    int8_t negative
    int8_t expired
    int16_t spare
    int32_t number
    int32_t count
    int64_t room
    order_t* orders         # by id
    const int64_t* opens    # borrowed
    const int64_t* closes
    walk_t walk             # of the bar that it is in


cdef struct latency_t:
    const int64_t* at       # borrowed: times, or nanoseconds of a histogram
    const int64_t* values   # nanoseconds, or counts summed up
    int64_t rows
    int64_t is_table
    int64_t constant_ns


cdef struct doubt_t:
    int64_t order_id
    int32_t account
    int32_t contract


cdef struct venue_t:
    contract_t* contracts
    account_t* accounts
    position_t* positions   # account * n_contracts + contract
    due_t* due
    event_t* events
    doubt_t* doubtful       # orders whose fills in this bar another path undoes
    uint8_t* burned         # tag * n_accounts + account
    latency_t latency[4]
    int64_t n_due
    int64_t due_room
    int64_t n_events
    int64_t events_room
    int64_t shown           # events that were shown already
    int64_t n_doubtful
    int64_t doubtful_room
    int64_t n_burned
    int64_t now_ns
    int64_t next_ns         # the first boundary or due entry
    int64_t turn
    int64_t next_id
    int64_t last_seen_ns
    int64_t ambiguous
    int64_t model_ticks     # n of trade_through, depth of queue
    int64_t left            # what is left of a print's size; MOST where it is unknown
    uint64_t seed
    int32_t n_contracts
    int32_t n_accounts
    int32_t model
    int32_t partial
    int32_t path
    int32_t expire_at_close
    int32_t stop_limits
    int32_t watched         # somebody wants to see events as they come
    int32_t is_scratch
    int32_t failed
    int32_t floors          # how many accounts have one
    int32_t walking         # how many contracts are within a bar


cdef inline int64_t magnitude(int64_t number) noexcept nogil:
    return -number if number < 0 else number
