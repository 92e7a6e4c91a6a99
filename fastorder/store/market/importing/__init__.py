"""Ticks and bars from files that people have; what is unsure is refused."""

from fastorder.store.market.importing.importer import Imported, import_file
from fastorder.store.market.importing.options import FORMATS, Options

__all__ = ["FORMATS", "Imported", "Options", "import_file"]
