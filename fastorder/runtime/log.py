"""The library's logger."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


def log() -> Logger:
    """The logger ``fastorder``."""
    from logging import getLogger  # loaded with the executor

    return getLogger("fastorder")
