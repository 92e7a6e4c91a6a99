"""Questions about the hubs of realtime: how one connects, what is told, its end."""

from __future__ import annotations

import json
import statistics
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside
from fastorder.cli.probing.hub_wire import HUB_CLOSE, HUB_PING, Heard, HubLine
from fastorder.cli.probing.scene import NoAnswer
from fastorder.cli.probing.wire import Line

if TYPE_CHECKING:
    from fastorder.cli.probing.of_tags import Found
    from fastorder.cli.probing.scene import Scene

USER, MARKET = "/hubs/user", "/hubs/market"
ANSWER_S = 10.0
LISTEN_S = 3.0
"""How long something is waited for that comes at once where it comes at all."""

FRAMES_S = 30.0
"""How long a market is listened to."""

DEFLATE = "permessage-deflate; client_max_window_bits"
SECRET = frozenset({"connectionId", "connectionToken", "accessToken"})


def negotiation(scene: Scene) -> Found:
    """A negotiation that wants a stateful reconnect, of each hub."""
    found, evidence = [], []
    for path in (USER, MARKET):
        line = Line(scene.hubs, scene.token)
        try:
            asked = f"{path}/negotiate?negotiateVersion=1&useStatefulReconnect=true"
            reply = line.ask(asked, {})
        finally:
            line.close()
        members = {
            name: "..." if name in SECRET else value
            for name, value in reply.members.items()
        }
        stateful = members.get("useStatefulReconnect", False)
        found.append(f"{path} HTTP {reply.status}, stateful reconnect {stateful}")
        evidence.append(f"{path}: {from_outside(json.dumps(members))}")
    return "; ".join(found), evidence


def token_place(scene: Scene) -> Found:
    """A token in the header alone, and in the address alone."""
    found = []
    for token_in in ("query", "header"):
        for path in (USER, MARKET):
            with HubLine(scene.hubs, path, scene.token, token_in) as hub:
                is_open = hub.status == 101 and _greets(hub)
            told = "works" if is_open else f"HTTP {hub.status}"
            found.append(f"{token_in} at {path} {told}")
    return "; ".join(found), []


def silence(scene: Scene) -> Found:
    """A client that pings once and is silent then: pings that come, and the end."""
    with _greeted(scene, USER) as hub:
        hub.send({"type": HUB_PING})
        began_s, pings_s, ended = time.monotonic(), [], ""
        for heard in hub.hear(scene.plan.patience_s):
            if heard.message.get("type") == HUB_PING:
                pings_s.append(heard.at_s)
            elif heard.why or heard.message.get("type") == HUB_CLOSE:
                why = heard.why or from_outside(json.dumps(heard.message))
                ended = f"it was ended after {heard.at_s - began_s:.1f} s: {why}"
                break
    gaps = [after - before for before, after in pairwise(pings_s)]
    rhythm = f"a ping each {statistics.median(gaps):.1f} s" if gaps else (
        f"{counted(len(pings_s), 'ping')} in that time"
    )  # fmt: skip
    still = f"a silent client was still there after {scene.plan.patience_s:g} s"
    listed = ", ".join(f"{gap:.2f}" for gap in gaps)
    return f"{rhythm}; {ended or still}", [f"between pings, s: {listed or 'none'}"]


def snapshot(scene: Scene) -> Found:
    """Subscribing with an order that works: whether that is told at once."""
    number, _ = scene.must_put(scene.tag())
    with _greeted(scene, USER) as hub:
        for target in ("SubscribeOrders", "SubscribePositions"):
            hub.call(target, scene.account_id)
        last = hub.call("SubscribeAccounts")
        heard: list[Heard] = []
        if hub.answer(last, ANSWER_S, heard.append) is None:
            raise NoAnswer("the hub does not answer a subscription")
        heard += hub.hear(LISTEN_S)
        told = [each.target for each in heard if each.target]
    scene.cancel(number)
    if not told:
        return f"nothing is told within {LISTEN_S:g} s of subscribing", []
    return f"told at once: {', '.join(sorted(set(told)))}", [str(told)]


def twice(scene: Scene) -> Found:
    """What was subscribed twice: how often it is told."""
    with _greeted(scene, USER) as hub:
        for _ in range(2):
            number = hub.call("SubscribeOrders", scene.account_id)
            if hub.answer(number, ANSWER_S) is None:
                raise NoAnswer("the hub does not answer a subscription")
        order_id, _ = scene.must_put(scene.tag())
        told: list[Any] = []
        for heard in hub.hear(LISTEN_S):
            if heard.target == "GatewayUserOrder" and str(order_id) in json.dumps(
                heard.message.get("arguments")
            ):
                told.append(heard.message["arguments"])
        scene.cancel(order_id)
    if not told:
        raise NoAnswer("no event of the order came")
    most = max(told.count(each) for each in told)
    return f"each event came {most} time{'s' * (most > 1)}", [f"{len(told)} in all"]


def expiry(scene: Scene) -> Found:
    """A connection whose token ends, where that is soon."""
    left_s = scene.token_ends_s - time.time()
    if left_s > scene.plan.patience_s:
        lives = f"the token ends in {left_s / 3600:.1f} h"
        raise NoAnswer(f"{lives}; a longer --patience waits for it")
    began_s = time.monotonic()
    with _greeted(scene, USER) as hub:
        for heard in hub.hear(left_s + ANSWER_S):
            if heard.message.get("type") == HUB_PING:
                hub.send({"type": HUB_PING})
            if heard.why or heard.message.get("type") == HUB_CLOSE:
                why = heard.why or from_outside(json.dumps(heard.message))
                late_s = heard.at_s - began_s - left_s
                return f"it was ended {late_s:+.1f} s from the token's end", [why]
    return f"it was still open {ANSWER_S:g} s after the token's end", []


def logout(scene: Scene) -> Found:
    """Another login with the same key: what the first connection hears."""
    with _greeted(scene, USER) as hub:
        hub.call("SubscribeAccounts")
        scene.login()
        for heard in hub.hear(LISTEN_S):
            if heard.target == "GatewayLogout":
                payload = from_outside(json.dumps(heard.message.get("arguments")))
                return "GatewayLogout came", [payload]
            if heard.why:
                return "the connection was ended, without GatewayLogout", [heard.why]
    return f"nothing came within {LISTEN_S:g} s: both logins live on", []


def frames(scene: Scene) -> Found:
    """What the market hub sends of a contract: how large, and whether compressed."""
    with _greeted(scene, MARKET, extensions=DEFLATE) as hub:
        agreed = hub.headers.get("sec-websocket-extensions", "")
        deflate = f"accepted: {from_outside(agreed)}" if agreed else "not accepted"
    with _greeted(scene, MARKET) as hub:
        for what in ("Quotes", "Trades", "MarketDepth"):
            hub.call(f"SubscribeContract{what}", scene.contract_id)
        sizes = []
        for heard in hub.hear(min(scene.plan.patience_s, FRAMES_S)):
            if heard.target:
                sizes.append(heard.size)
    whole = sorted(size for size in sizes if size)
    if not whole:
        return f"permessage-deflate {deflate}; no event came", []
    shown = (
        f"{counted(len(whole), 'frame')}, median size {statistics.median(whole):.0f}"
    )
    return f"permessage-deflate {deflate}; {shown}, largest {whole[-1]}", []


def text_account(scene: Scene) -> Found:
    """An account's number as text where a number is meant."""
    with _greeted(scene, USER) as hub:
        answer = hub.answer(
            hub.call("SubscribeOrders", str(scene.account_id)), ANSWER_S
        )
    if answer is None:
        raise NoAnswer("the hub does not answer it")
    error = answer.get("error")
    if error is None:
        return "taken as the number", []
    return "refused", [from_outside(str(error))]


def _greeted(scene: Scene, path: str, extensions: str = "") -> HubLine:
    """A connection that is ready for calls.

    Raises:
        NoAnswer: the hub does not open.
    """
    hub = HubLine(scene.hubs, path, scene.token, extensions=extensions)
    if hub.status == 101 and (extensions or _greets(hub)):
        return hub
    hub.close()
    raise NoAnswer(f"{path} does not open: HTTP {hub.status}")


def _greets(hub: HubLine) -> bool:
    hub.greet()
    for heard in hub.hear(ANSWER_S):
        return not heard.why and "error" not in heard.message
    return False
