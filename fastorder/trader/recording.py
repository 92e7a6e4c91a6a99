"""Recording ticks: what a trader hears of contracts goes into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder._base.near_names import class_with_near_names
from fastorder.settings import data_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from fastorder.models import Account
    from fastorder.store import Recorder
    from fastorder.streams.market import Market


class Hears(Protocol):
    """What tells trades: a trader with its streams."""

    def on(
        self,
        kind: str,
        callback: Callable[[Any], object],
        *,
        symbol: str | None = None,
    ) -> Callable[[], None]:
        """Call something with each event of a kind."""

    @property
    def market(self) -> Market:
        """What is known of the contracts that are heard."""

    @property
    def account(self) -> Account:
        """The account that is meant."""

    def _known(self, symbol: str) -> tuple[str, Any]:
        """The contract's id and tick size of a symbol."""


@class_with_near_names
class RecordVerbs:
    """The verb that records ticks."""

    def record(
        self: Hears, *symbols: str, folder: str | os.PathLike[str] | None = None
    ) -> Recorder:
        """Record the trades of contracts until the recorder is closed.

        Args:
            symbols: of contracts that are loaded, such as "MNQ".
            folder: where to; without it, ``market`` in this platform's data folder.
                `fastorder.store.MarketData` reads it.

        Returns:
            A Recorder: its ``close()`` ends the recording.

        Raises:
            FolderInUse: another recorder has the folder.
            MarketDataError: the folder has a contract with another tick size.
            InvalidField, UnknownSymbol: an argument is not usable.
            RealtimeUnavailable, RealtimeClosed: realtime is switched off, or closed.
            ExecutorMisuse: the trader was not entered yet, or is another loop's. What
                is refused leaves no thread, and the folder free.
            ConfigurationError: no folder was given, and the platform's is not known.
        """
        from fastorder.store import MarketData

        self.market.check()  # before a folder is made
        self.account  # noqa: B018 (it was entered)
        contracts = dict(self._known(symbol) for symbol in symbols)
        place = data_folder() / "market" if folder is None else folder
        recorder = MarketData(place).record(contracts)
        try:
            for symbol in symbols:
                recorder.at_close(self.on("trade", recorder.on_trade, symbol=symbol))
            recorder.at_close(self.on("gap", recorder.on_gap))
        except BaseException:
            recorder.close()  # its thread ends, and the folder is free
            raise
        return recorder
