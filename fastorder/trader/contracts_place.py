"""Where a trader keeps the gateway's contracts: in the platform's folder for caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.errors import ConfigurationError
from fastorder.settings import cache_folder
from fastorder.trader.journal_place import file_name

if TYPE_CHECKING:
    from pathlib import Path


def contracts_path(base_url: str) -> Path | None:
    """The file of a gateway; None where the platform's folders are not known."""
    try:
        folder = cache_folder()
    except ConfigurationError:
        return None
    return folder / "contracts" / f"{file_name(base_url)}.json"
