"""What can be wrong with a strategy, its parameters, its data, or its run."""

from __future__ import annotations

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
        self.handler = handler
        self.time_ns = time_ns
