"""Where the file lies that a budget is shared through."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from fastorder.errors import ConfigurationError


def state_folder() -> Path:
    """The folder where the programs of this user keep their state."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    given = os.environ.get("XDG_STATE_HOME", "")
    # a path that is not absolute counts for nothing: XDG Base Directory Specification
    return Path(given) if os.path.isabs(given) else home / ".local" / "state"


def path_for(base_url: str) -> str:
    """The file for a gateway; its folder is made where it is missing.

    Raises:
        ConfigurationError: the folder cannot be made.
    """
    parts = urlsplit(base_url)
    name = re.sub(r"[^a-z0-9.]+", "-", parts.netloc.lower())
    folder = state_folder() / "fastorder"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"path must be given where {folder} cannot be made: {error}"
        ) from None
    return str(folder / f"budgets-{name}.sqlite")
