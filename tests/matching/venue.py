"""A compiled exchange with few words: one contract, one account, nothing takes time."""

from __future__ import annotations

from fastorder.matching import Account, Contract, Exchange, Kind, Latencies, Side, What

START = 50_000_000_000
NOW = Latencies(entry=1, response=0, leg=0, oco=0)
BUY, SELL = Side.BUY, Side.SELL


def contract(**changed):
    """MNQ without fees and slippage."""
    rules = {"tick_value_micros": 500_000, "stop_slippage_ticks": 0, "spread_ticks": 0}
    return Contract("MNQ", **{**rules, **changed})


def exchange(*, accounts=1, contracts=None, latency=NOW, **settings):
    """An exchange; settings that are no settings of it are the contract's."""
    own = ("fills", "path", "seed", "expire_at_close", "stop_limits", "on_event")
    rest = {name: settings.pop(name) for name in [*settings] if name not in own}
    return Exchange(
        contracts or [contract(**rest)], [Account(START)] * accounts,
        latency=latency, **settings,
    )  # fmt: skip


def limit(venue, side, price, size=1, **more):
    return venue.place(0, 0, Kind.LIMIT, side, size, limit=price, **more)


def market(venue, side, size=1, **more):
    return venue.place(0, 0, Kind.MARKET, side, size, **more)


def stop(venue, side, price, size=1, **more):
    return venue.place(0, 0, Kind.STOP, side, size, stop=price, **more)


def quoted(price=100, **settings):
    """An exchange with a print, and a quote around it."""
    venue = exchange(**settings)
    venue.tick(0, 1000, price, bid=price, ask=price + 1)
    return venue


def told(venue):
    """What has happened: name, order and price of each event."""
    return [
        (What(int(row["kind"])).name, int(row["order_id"]), int(row["price_ticks"]))
        for row in venue.take_events()
    ]


def fills(venue):
    """The trades: order, price, signed size."""
    return [
        (
            int(row["order_id"]),
            int(row["price_ticks"]),
            int(row["side"]) * int(row["size"]),
        )
        for row in venue.take_events()
        if row["kind"] == What.TRADE
    ]


def refusal(venue):
    """Code and reason of the one request that was refused."""
    rows = [row for row in venue.take_events() if row["code"] or row["reason"]]
    (row,) = rows
    return int(row["code"]), int(row["reason"])
