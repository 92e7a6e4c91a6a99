"""Settings: from arguments, the environment, the key store, and a file."""

from fastorder.settings.finding import load
from fastorder.settings.found import Found, Settings
from fastorder.settings.places import cache_folder, data_folder, settings_path

__all__ = [
    "Found",
    "Settings",
    "cache_folder",
    "data_folder",
    "load",
    "settings_path",
]

for _public in (Found, Settings, cache_folder, data_folder, load, settings_path):
    _public.__module__ = __name__
