"""What can be wrong with a strategy, its parameters, its data, or its run."""

from __future__ import annotations

from typing import Any

from fastorder.errors import FastOrderError


class StrategyError(FastOrderError, ValueError):
    """Something about a strategy breaks a rule; nothing has been run or asked for."""


class BadParameter(StrategyError):
    """A parameter is unknown, or has a value that it must not have."""


class BadData(StrategyError):
    """Data cannot be run over: out of order, off the grid, with holes, or none."""


class BadOrder(StrategyError):
    """What a strategy asks for can be no order; nothing was asked of the venue."""


class StrategyFailed(FastOrderError, RuntimeError):
    """A strategy raised; the run has ended there.

    Attributes:
        handler: which of its methods raised.
        time_ns: when, in the time of the run.
    """

    def __init__(self, name: str, handler: str, time_ns: int, error: object) -> None:
        super().__init__(f"{name}.{handler} raised {error!r} at {time_ns} ns")
        self._made_of = (name, handler, time_ns, repr(error))
        self.handler = handler
        self.time_ns = time_ns

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _failed, self._made_of


class _Text(str):
    """What an error of another process looked like."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _failed(name: str, handler: str, time_ns: int, error: str) -> StrategyFailed:
    return StrategyFailed(name, handler, time_ns, _Text(error))
