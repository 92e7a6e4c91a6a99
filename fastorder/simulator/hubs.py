"""The realtime hubs: SignalR's JSON protocol over WebSockets, with faults by script.

Source: section "Realtime" of the gateway's documentation, and the HubProtocol.md of
ASP.NET Core. Frames are written byte by byte here, so that a test may cut them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from fastorder.simulator.personality import Personality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SEPARATOR = "\x1e"
TEXT, CONTINUATION, CLOSE = 1, 0, 8
INVOCATION, COMPLETION, PING, GOODBYE = 1, 3, 6, 7

METHODS: dict[str, dict[str, type | None]] = {
    "/hubs/user": {
        "Accounts": None,
        "Orders": int,
        "Positions": int,
        "Trades": int,
    },
    "/hubs/market": {
        "ContractQuotes": str,
        "ContractTrades": str,
        "ContractMarketDepth": str,
    },
}
"""What can be subscribed at each hub, and the type of the one argument."""

SNAPSHOTS = ("Orders", "Positions")
FAILED = "Failed to invoke '{}' due to an error on the server."
UNKNOWN = f"{FAILED} HubException: Method does not exist."


def is_hub(path: str) -> bool:
    """Whether a path, in lower case, is a hub's or its negotiation's."""
    return path.removesuffix("/negotiate") in METHODS


class HubFaults:
    """What goes wrong at the hubs, until it is set back.

    Attributes:
        refuse: an HTTP status that every connect is answered with; 0 for none.
        retry_after: the header that goes with it.
        split: cut what is sent into frames of so many bytes; 0 for whole messages.
        mute: pings are not sent, and calls are not answered.
        handshake: the answer to a handshake; None for none at all.
        echo: an answer that refuses repeats the address, with the token in it.
        refuse_calls: a method whose calls fail; "" for none.
    """

    def __init__(self) -> None:
        self.refuse = 0
        self.retry_after: str | None = None
        self.split = 0
        self.mute = False
        self.handshake: dict[str, Any] | None = {}
        self.echo = False
        self.refuse_calls = ""


class Hubs:
    """Both hubs of one gateway.

    Args:
        is_valid: whether a token is valid now.

    Attributes:
        faults: what goes wrong.
        connections: those that are open.
        connects: how many WebSockets were opened.
        tokens: what each of them was opened with.
        calls: target and arguments of every call, in their order.
        ping_s: how often a hub pings.
        timeout_s: how long a client that has pinged may be silent.
        personality: what it does where the documentation is silent.
        rows: the working orders or the positions of an account, for a snapshot.
    """

    def __init__(self, is_valid: Callable[[str], bool]) -> None:
        self.faults = HubFaults()
        self.connections: list[HubConnection] = []
        self.connects = 0
        self.tokens: list[str] = []
        self.calls: list[tuple[str, list[Any]]] = []
        self.ping_s = 15.0
        self.timeout_s = 30.0
        self.personality = Personality()
        self.rows: Callable[[str, int], list[dict[str, Any]]] = lambda what, number: []
        self._is_valid = is_valid
        self._ids: set[str] = set()

    # ------------------------------------------------------------ requests

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """A negotiation or an upgrade."""
        path = request.path.lower()
        if self.faults.refuse:
            asked = self.faults.retry_after
            headers = {} if asked is None else {"Retry-After": asked}
            text = str(request.url) if self.faults.echo else None
            return web.Response(status=self.faults.refuse, headers=headers, text=text)
        token = request.query.get("access_token") or _bearer(request)
        if token is None or not self._is_valid(token):
            return web.Response(status=401)
        if path.endswith("/negotiate"):
            return self._negotiated(request)
        if not web.WebSocketResponse().can_prepare(request).ok:
            return web.Response(status=400, text="Connection ID required")
        given = request.query.get("id")
        if given is not None and given not in self._ids:
            return web.Response(status=404, text="No Connection with that ID")
        self._ids.discard(given or "")
        self.tokens.append(token)
        return await self._connected(request, path, token)

    def _negotiated(self, request: web.BaseRequest) -> web.Response:
        if request.method != "POST":
            return web.Response(status=405)
        answer: dict[str, Any] = {
            "negotiateVersion": 0,
            "connectionId": secrets.token_urlsafe(16),
            "availableTransports": [
                {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}
            ],
        }
        wanted = "connectionId"
        if request.query.get("negotiateVersion") == "1":
            wanted = "connectionToken"
            answer |= {"negotiateVersion": 1, wanted: secrets.token_urlsafe(16)}
        self._ids.add(answer[wanted])
        return web.json_response(answer)

    async def _connected(
        self, request: web.BaseRequest, path: str, token: str
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=True, max_msg_size=32768)
        await socket.prepare(request)
        assert request.transport is not None
        self.connects += 1
        connection = HubConnection(self, path, socket, request.transport, token)
        self.connections.append(connection)
        try:
            await connection.run()
        finally:
            self.connections.remove(connection)
        return socket

    def still_valid(self, connection: HubConnection) -> bool:
        """Whether a connection may go on, as far as its token goes."""
        return not self.personality.ends_at_expiry or self._is_valid(connection.token)

    def stop(self) -> None:
        """End every connection at once."""
        for connection in list(self.connections):
            connection.abort()

    # ------------------------------------------------------------ events

    def emit(
        self, group: tuple[str, Any], target: str, *arguments: Any, times: int = 1
    ) -> int:
        """Send an event to all who have subscribed a group; how many those are."""
        told = [each for each in self.connections if each.groups[group]]
        message = {"type": INVOCATION, "target": target, "arguments": list(arguments)}
        for connection in told:
            often = connection.groups[group] if self.personality.tells_each else 1
            connection.send([message] * times * often)
        return len(told)

    def quote(self, contract_id: str, **members: Any) -> int:
        """Send a quote: the members that have changed."""
        group = ("ContractQuotes", contract_id)
        return self.emit(group, "GatewayQuote", contract_id, members)

    def trades(self, contract_id: str, rows: Iterable[dict[str, Any]]) -> int:
        """Send trades, as one list."""
        group = ("ContractTrades", contract_id)
        return self.emit(group, "GatewayTrade", contract_id, list(rows))

    def depth(self, contract_id: str, rows: Iterable[dict[str, Any]]) -> int:
        """Send changes of the depth, as one list."""
        group = ("ContractMarketDepth", contract_id)
        return self.emit(group, "GatewayDepth", contract_id, list(rows))

    def user(self, what: str, account_id: int, action: int, row: dict[str, Any]) -> int:
        """Send an order, position or trade: wrapped, members of no value left out.

        Args:
            what: "Order", "Position" or "Trade".
        """
        data = {name: value for name, value in row.items() if value is not None}
        event = {"action": action, "data": data}
        return self.emit((f"{what}s", account_id), f"GatewayUser{what}", event)

    def changed(
        self, what: str, account_id: int, action: int, row: dict[str, Any]
    ) -> int:
        """Something of an account has changed: "Account", or as of ``user``."""
        if not self.connections:
            return 0
        if what == "Account":
            return self.account(action, row)
        return self.user(what, account_id, action, row)

    def account(self, action: int, row: dict[str, Any]) -> int:
        """Send an account to all who have subscribed to accounts."""
        data = {name: value for name, value in row.items() if value is not None}
        event = {"action": action, "data": data}
        return self.emit(("Accounts", None), "GatewayUserAccount", event)


class HubConnection:
    """One WebSocket of a hub.

    Attributes:
        groups: what it has subscribed, and how often.
        token: that it was opened with.
    """

    def __init__(
        self,
        hubs: Hubs,
        path: str,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        token: str,
    ) -> None:
        self.token = token
        self.groups: Counter[tuple[str, Any]] = Counter()
        self._hubs = hubs
        self._methods = METHODS[path]
        self._socket = socket
        self._transport = transport
        self._greeted = False
        self._pinged_s = 0.0  # when the client pinged; 0 before it ever has

    async def run(self) -> None:
        """Until it ends."""
        pings = asyncio.ensure_future(self._ping())
        rest = ""
        try:
            async for message in self._socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                data = message.data
                rest += data if isinstance(data, str) else data.decode()
                *records, rest = rest.split(SEPARATOR)
                for record in records:
                    self._take(json.loads(record))
        except (ValueError, TypeError, AttributeError, ConnectionError):
            self.goodbye("Connection closed with an error.", allow_reconnect=None)
        finally:
            pings.cancel()
            with suppress(asyncio.CancelledError):
                await pings

    async def _ping(self) -> None:
        """Ping; end a client that has pinged once and is silent since."""
        hubs, loop = self._hubs, asyncio.get_running_loop()
        due_s = loop.time() + hubs.ping_s
        while True:
            await asyncio.sleep(min(hubs.ping_s, hubs.timeout_s) / 4)
            if self._greeted and loop.time() >= due_s and not hubs.faults.mute:
                due_s = loop.time() + hubs.ping_s
                self.send([{"type": PING}])
            if not hubs.still_valid(self):
                self.goodbye(None, allow_reconnect=None)
                return
            if self._pinged_s and loop.time() - self._pinged_s > hubs.timeout_s:
                self.goodbye("Connection closed with an error.", allow_reconnect=True)
                return

    # ------------------------------------------------------------ what comes

    def _take(self, message: dict[str, Any]) -> None:
        if not self._greeted:
            self._greet(message)
        elif self._pinged_s or message.get("type") == PING:
            self._pinged_s = asyncio.get_running_loop().time()
        if message.get("type") == INVOCATION:
            self._call(message)
        elif message.get("type") == GOODBYE:
            self.close(1000)

    def _greet(self, message: dict[str, Any]) -> None:
        answer = self._hubs.faults.handshake
        if message.get("protocol") != "json":
            text = f"The protocol '{message.get('protocol')}' is not supported."
            answer = {"error": text}
        if answer is None:
            return
        self._greeted = "error" not in answer
        self.send([answer])
        if not self._greeted:
            self.close(1000)

    def _call(self, message: dict[str, Any]) -> None:
        target, arguments = message["target"], message.get("arguments", [])
        self._hubs.calls.append((target, arguments))
        if self._hubs.faults.mute:
            return
        error = self._carry_out(target, arguments)
        number = message.get("invocationId")
        if number is None:
            return
        answer: dict[str, Any] = {"type": COMPLETION, "invocationId": number}
        self.send([answer | ({"result": None} if error is None else {"error": error})])

    def _carry_out(self, target: str, arguments: list[Any]) -> str | None:
        """Subscribe or unsubscribe; what is wrong with the call, or None."""
        ends = target.lower().startswith("unsubscribe")
        names = {f"subscribe{name}".lower(): name for name in self._methods}
        name = names.get(target.lower().removeprefix("un"))
        if name is None:
            return UNKNOWN.format(target)
        if target == self._hubs.faults.refuse_calls:
            return FAILED.format(target)
        kind = self._methods[name]
        if kind is int and self._hubs.personality.text_accounts:
            arguments = [int(x) if str(x).isdecimal() else x for x in arguments]
        if [type(each) for each in arguments] != ([] if kind is None else [kind]):
            return FAILED.format(target)
        group = (name, arguments[0] if arguments else None)
        if ends:
            del self.groups[group]
        else:
            self.groups[group] += 1
            self._show(name, group[1])
        return None

    def _show(self, name: str, account_id: Any) -> None:
        """Tell of what is there already, where the gateway does that."""
        if not self._hubs.personality.snapshot or name not in SNAPSHOTS:
            return
        for row in self._hubs.rows(name, account_id):
            data = {member: value for member, value in row.items() if value is not None}
            event = {"action": 0, "data": data}
            target = f"GatewayUser{name.removesuffix('s')}"
            self.send([{"type": INVOCATION, "target": target, "arguments": [event]}])

    # ------------------------------------------------------------ what goes

    def send(self, messages: Iterable[Any]) -> None:
        """Send messages, up to sixteen in a frame."""
        records = [json.dumps(each, separators=(",", ":")) for each in messages]
        for start in range(0, len(records), 16):
            part = records[start : start + 16]
            self.send_text("".join(f"{record}{SEPARATOR}" for record in part))

    def send_text(self, text: str) -> None:
        """Send a text message, cut as the faults want it."""
        data, size = text.encode(), self._hubs.faults.split or max(1, len(text) * 4)
        parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        for i, part in enumerate(parts):
            opcode = CONTINUATION if i else TEXT
            self.send_raw(frame(opcode, part, last=i == len(parts) - 1))

    def send_raw(self, data: bytes) -> None:
        """Put bytes on the wire, whatever they are."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def goodbye(self, error: str | None, *, allow_reconnect: bool | None) -> None:
        """Send a Close of the hub protocol, then one of the WebSocket."""
        message: dict[str, Any] = {"type": GOODBYE}
        if error is not None:
            message["error"] = error
        if allow_reconnect is not None:
            message["allowReconnect"] = allow_reconnect
        self.send([message])
        self.close(1000)

    def close(self, code: int, reason: str = "") -> None:
        """End it with a close frame."""
        self.send_raw(frame(CLOSE, struct.pack(">H", code) + reason.encode()))
        self._transport.close()

    def abort(self) -> None:
        """End it without a word; from here on it is subscribed to nothing."""
        self.groups.clear()
        self._transport.abort()


def frame(opcode: int, payload: bytes, *, last: bool = True) -> bytes:
    """A frame of a server. Source: RFC 6455, section 5.2."""
    first, size = (0x80 if last else 0) | opcode, len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65536:
        return bytes([first, 126]) + struct.pack(">H", size) + payload
    return bytes([first, 127]) + struct.pack(">Q", size) + payload


def _bearer(request: web.BaseRequest) -> str | None:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else None
