"""Where this platform keeps a program's settings, data and caches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

NOT_INSTALLED = (
    "the package platformdirs is not installed: pip install 'fastorder[trader]'"
)


def settings_path() -> Path:
    """The settings file of this user, whether or not it is there.

    Raises:
        ConfigurationError: platformdirs is not installed.
    """
    return _folder("user_config_path") / "settings.toml"


def data_folder() -> Path:
    """Where what has to last belongs: journals. Raises: see ``settings_path``."""
    return _folder("user_data_path")


def cache_folder() -> Path:
    """Where what can be had again belongs. Raises: see ``settings_path``."""
    return _folder("user_cache_path")


def has_platform_folders() -> bool:
    """Whether they can be found."""
    return _platformdirs() is not None


def _folder(name: str) -> Path:
    platformdirs: Any = _platformdirs()
    if platformdirs is None:
        raise ConfigurationError(
            f"a path must be given where the platform's folders are not known: "
            f"{NOT_INSTALLED}"
        )
    return Path(getattr(platformdirs, name)("fastorder", appauthor=False))


def _platformdirs() -> ModuleType | None:
    try:
        import platformdirs  # an extra: only these folders need it
    except ImportError:
        return None
    return platformdirs
