"""Where the journal of a trader lies where it is not given: one for each login."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastorder.settings import data_folder

if TYPE_CHECKING:
    from pathlib import Path


def journal_path(base_url: str, user_name: str) -> Path:
    """The file of a user at a gateway, in the platform's folder for data.

    It holds the orders of all of the user's accounts: an order in doubt is found after
    a restart whichever account is traded then.

    Raises:
        ConfigurationError: the platform's folders are not known here.
    """
    folder = data_folder() / "journals"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{file_name(base_url)}-{_plain(user_name.lower())}.db"


def file_name(base_url: str) -> str:
    """A gateway's part of the name of a file."""
    return _plain(urlsplit(base_url).netloc)


def _plain(text: Any) -> str:
    """A text as a part of a file's name: two texts never give the same one."""
    return re.sub(r"[^A-Za-z0-9.]", lambda found: f"_{ord(found[0]):x}_", str(text))
