"""The system's key store, where the package keyring is installed."""

from __future__ import annotations

from typing import Any

from fastorder._base.outside_text import from_outside
from fastorder.settings.found import Hidden

SERVICE = "fastorder"
PLACE = f"keyring, service {SERVICE}"
NOT_INSTALLED = "not looked for (pip install 'fastorder[keyring]')"


def key_of(user_name: str | None) -> tuple[Hidden | None, str]:
    """The key that is stored for a user; None where there is none, and why."""
    if user_name is None:
        return None, "not looked for: it is stored by user_name, and that is missing"
    keyring = _keyring()
    if keyring is None:
        return None, NOT_INSTALLED
    try:
        key = keyring.get_password(SERVICE, user_name)
    except Exception as error:  # each backend has its own; it is told
        return None, f"failed: {from_outside(repr(error))}"
    return (Hidden(key), "") if key else (None, f"no key of {user_name}")


def stored_user_name() -> tuple[str | None, str]:
    """Whose key is stored, where the store tells; None where not, and why."""
    keyring = _keyring()
    if keyring is None:
        return None, NOT_INSTALLED
    try:
        credential = keyring.get_credential(SERVICE, None)
    except Exception as error:  # the same
        return None, f"failed: {from_outside(repr(error))}"
    name = credential.username if credential else None
    return (name, "") if name else (None, "names no user")


def _keyring() -> Any:
    try:
        import keyring  # an extra
    except ImportError:
        return None
    return keyring
