"""What the hubs and the state tell, handed to the callbacks of a trader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.realtime.state.hearers import KINDS as OF_THE_STATE
from fastorder.streams.told import HubGap, HubLive, UserRow

if TYPE_CHECKING:
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.events import Event, Gap, Live
    from fastorder.realtime.state.store import State
    from fastorder.streams.callbacks import Callbacks

OF_ACCOUNTS = {
    "gatewayuserorder": "order",
    "gatewayuserposition": "position",
    "gatewayusertrade": "trade",
    "gatewayuseraccount": "account",
}
"""What a row of an account's event is of."""

AS_THEY_ARE = ("rolled", "refused", "connect_failed", "undecodable")


def tell_of(hub: BaseHub, callbacks: Callbacks) -> None:
    """Hand on what a hub tells of itself, and of accounts."""
    name = hub.name

    def gap(event: Gap) -> None:
        callbacks.tell("gap", HubGap(name, event.since_ns, event.why))

    def live(event: Live) -> None:
        callbacks.tell("live", HubLive(name, event.generation, event.refused))

    def rows(event: Event) -> None:
        what = OF_ACCOUNTS.get(event.target.lower())
        if what is None:
            callbacks.tell("unknown", event)
        elif callbacks.by_kind["row"]:
            for action, row in event.rows:
                callbacks.tell("row", UserRow(what, action, row))

    hub.on("gap", gap)
    hub.on("live", live)
    hub.on("event", rows)
    for kind in AS_THEY_ARE:
        hub.on(kind, _teller(callbacks, kind))


def tell_of_state(state: State, callbacks: Callbacks) -> None:
    """Hand on what the state tells, by the same names."""
    for kind in OF_THE_STATE:
        state.on(kind, _teller(callbacks, kind))


def _teller(callbacks: Callbacks, kind: str) -> Any:
    return lambda event: callbacks.tell(kind, event)
