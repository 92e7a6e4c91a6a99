"""What both hubs tell, handed to the callbacks of a trader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.streams.told import HubGap, HubLive, UserRow

if TYPE_CHECKING:
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.events import Event, Gap, Live
    from fastorder.streams.callbacks import Callbacks

KINDS = {
    "gatewayuserorder": "order",
    "gatewayuserposition": "position",
    "gatewayusertrade": "fill",
    "gatewayuseraccount": "account",
}
"""What an account's events are called here."""

AS_THEY_ARE = ("rolled", "refused", "connect_failed", "undecodable")


def tell_of(hub: BaseHub, callbacks: Callbacks) -> None:
    """Hand on what a hub tells of itself, and of accounts."""
    name = hub.name

    def gap(event: Gap) -> None:
        callbacks.tell("gap", HubGap(name, event.since_ns, event.why))

    def live(event: Live) -> None:
        callbacks.tell("live", HubLive(name, event.generation, event.refused))

    def rows(event: Event) -> None:
        kind = KINDS.get(event.target.lower())
        if kind is None:
            callbacks.tell("unknown", event)
            return
        if callbacks.by_kind[kind]:
            for action, row in event.rows:
                callbacks.tell(kind, UserRow(action, row))

    hub.on("gap", gap)
    hub.on("live", live)
    hub.on("event", rows)
    for kind in AS_THEY_ARE:
        hub.on(kind, _teller(callbacks, kind))


def _teller(callbacks: Callbacks, kind: str) -> Any:
    return lambda event: callbacks.tell(kind, event)
