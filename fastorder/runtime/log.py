"""The library's logger."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


def log() -> Logger:
    """The logger ``fastorder``; it is silent until a program gives it a handler."""
    from logging import NullHandler, getLogger  # loaded with the executor

    logger = getLogger("fastorder")
    if not logger.handlers:
        logger.addHandler(NullHandler())
    return logger
