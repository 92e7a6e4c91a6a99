"""What both facades of a hub share: subscriptions, callbacks, what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from fastorder._core.codec.price import price_text
from fastorder.auth.token_store import TokenStore
from fastorder.errors import ConfigurationError, ExecutorMisuse, InvalidField
from fastorder.realtime import subscriptions
from fastorder.realtime.driver import HubDriver
from fastorder.realtime.hub_protocol import HubProtocol
from fastorder.runtime.clock import Clock
from fastorder.session.tls import checked_base_url
from fastorder.session.token_view import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.transport.engine import Engine
    from fastorder.auth.session_token import SessionToken
    from fastorder.realtime.events import Subscription

HubName = Literal["user", "market"]


def hubs_url(base_url: str) -> str:
    """Where the hubs of a gateway are: rtc.x for api.x, or the gateway's own host.

    Source: the gateway's documentation: api.topstepx.com and rtc.topstepx.com.
    """
    parts = urlsplit(checked_base_url(base_url))
    host = parts.netloc
    if host.startswith("api."):
        host = f"rtc.{host.removeprefix('api.')}"
    return f"{parts.scheme}://{host}"


class BaseHub:
    """One hub, ``user`` or ``market``.

    Args:
        name: which.
        base_url: of the gateway; http is taken for a loopback address only.
        tokens: the token of each moment: an executor's ``session``, a TokenStore, or
            text that is set once.
        ca_file: a PEM file of authorities to trust instead of the system's.
        negotiate: ask the server how to connect; otherwise the WebSocket comes first.
        renew: called where the hub does not take the token: it may put a new one into
            ``tokens``.
        clock: time and randomness; tests give their own.

    Raises:
        ConfigurationError: an argument is not usable.
    """

    def __init__(
        self,
        name: HubName,
        base_url: str,
        tokens: Session | TokenStore | str,
        *,
        ca_file: str | None = None,
        negotiate: bool = False,
        renew: Callable[[], object] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if name not in ("user", "market"):
            raise ConfigurationError(f"name must be user or market, was {name!r}")
        url = hubs_url(base_url)
        self.name = name
        self._clock = Clock() if clock is None else clock
        self._engine = self._make_engine()
        protocol = HubProtocol(
            self._clock,
            negotiate=negotiate,
            base_url=url,
            undecodable_is_gap=name == "user",
        )
        self._protocol = protocol
        store = _stored(tokens)
        self._driver = HubDriver(
            self._engine, url, f"/hubs/{name}", ca_file, store, protocol,
            self._clock, renew,
        )  # fmt: skip
        self._hear_no_token = store.listeners.add(self._token_changed)

    def __repr__(self) -> str:
        current = self._protocol.current
        state = "not connected" if current is None else f"live, {current.generation}"
        return f"<{type(self).__name__} {self.name}: {state}>"

    def _make_engine(self) -> Engine:
        raise NotImplementedError

    def start(self) -> None:
        """Connect, wait for nothing, and stay connected until the close."""
        raise NotImplementedError

    def _act(self, act: Callable[[int], object]) -> None:
        """Have something done where the engine is driven, with the time."""
        raise NotImplementedError

    def _token_changed(self, token: SessionToken | None) -> None:
        """There is another token, or none any more; told in any thread."""
        raise NotImplementedError

    def _check_process(self) -> None:
        if self._engine.is_forked:
            raise ExecutorMisuse(
                "a hub works in the process that made it, this is a fork of it: make a "
                "new hub in the child"
            )

    @property
    def is_live(self) -> bool:
        """Whether a connection is there on which all that is wanted was answered."""
        return self._protocol.current is not None

    @property
    def heard_ns(self) -> int | None:
        """When the last byte came over the connection of now; None for no connection.

        On the monotonic clock.
        """
        current = self._protocol.current
        return None if current is None else self._driver.heard_ns(current.generation)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What was subscribed, in that order."""
        return self._protocol.subscriptions

    @property
    def acknowledged(self) -> tuple[Subscription, ...]:
        """What the hub has acknowledged on the connection of now."""
        return self._protocol.acknowledged

    @property
    def counts(self) -> dict[str, int]:
        """What was passed over, and callbacks that have failed, by name."""
        failed = self._driver.listeners.failures
        return dict(self._protocol.counts) | {
            f"callback of {name}": count for name, count in failed.items()
        }

    def on(self, name: str, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call it with each event of a kind, in the order in which they come.

        Args:
            name: quote, trades, depth; event (of an account, or unknown); live, gap,
                rolled, refused, connect_failed, undecodable.
            callback: called directly; while it runs nothing is read. What it raises is
                counted and logged, once a minute.

        Returns:
            What ends it: call that to hear no more.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
        """
        return self._driver.listeners.add(name, callback)

    def set_tick_size(self, contract_id: str, tick_size: Any) -> None:
        """Tell a contract's prices in ticks too, from the next event on.

        Args:
            tick_size: above 0; a number, or its text.
        """
        from decimal import Decimal, InvalidOperation

        subscriptions.of_contract("Quotes", contract_id)
        try:
            given = Decimal(tick_size) if isinstance(tick_size, str) else tick_size
        except InvalidOperation:
            raise InvalidField("tick_size", "must be a number", tick_size) from None
        exact = Decimal(price_text(given, "tick_size"))
        if exact <= 0:
            raise InvalidField("tick_size", "must be above 0", tick_size)
        self._driver.decoder.set_tick(contract_id, exact)

    def reconnect(self, why: str) -> None:
        """Give up the connection of now, and open another: a gap, with this reason."""
        self._act(lambda now_ns: self._protocol.give_up(why, now_ns))

    def every(self, pause_ns: int, call: Callable[[], object]) -> None:
        """Call it again and again where callbacks run, until the close."""
        self._act(lambda now_ns: self._driver.every(pause_ns, call))

    def subscribe(self, subscription: Subscription) -> None:
        """Want something, on this connection and on all that follow."""
        self._act(lambda now_ns: self._protocol.subscribe(subscription, now_ns))

    def unsubscribe(self, subscription: Subscription) -> None:
        """Want it no more."""
        self._act(lambda now_ns: self._protocol.unsubscribe(subscription, now_ns))

    def subscribe_accounts(self) -> None:
        """Balances of all accounts: of the user hub."""
        self.subscribe(subscriptions.accounts())

    def subscribe_account(self, account_id: int) -> None:
        """Orders, positions and trades of an account: of the user hub."""
        for what in ("Orders", "Positions", "Trades"):
            self.subscribe(subscriptions.of_account(what, account_id))

    def subscribe_quotes(self, contract_id: str) -> None:
        """Quotes of a contract: of the market hub."""
        self.subscribe(subscriptions.of_contract("Quotes", contract_id))

    def subscribe_trades(self, contract_id: str) -> None:
        """Trades of a contract: of the market hub."""
        self.subscribe(subscriptions.of_contract("Trades", contract_id))

    def subscribe_depth(self, contract_id: str) -> None:
        """Depth of a contract: of the market hub."""
        self.subscribe(subscriptions.of_contract("MarketDepth", contract_id))


def _stored(tokens: Session | TokenStore | str) -> TokenStore:
    if isinstance(tokens, TokenStore):
        return tokens
    if isinstance(tokens, Session):
        return tokens.tokens
    store = TokenStore()
    error = store.set(tokens)
    if error is not None:
        raise error
    return store
