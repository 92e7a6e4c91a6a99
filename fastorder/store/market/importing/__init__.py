"""Ticks and bars from files that people have; what is unsure is refused."""

from fastorder.store.market.importing.importer import Imported, import_file
from fastorder.store.market.importing.options import FORMS, Options

__all__ = ["FORMS", "Imported", "Options", "import_file"]
