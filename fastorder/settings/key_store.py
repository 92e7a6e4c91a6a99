"""The system's key store, where the package keyring is installed."""

from __future__ import annotations

from typing import Any

from fastorder._base.outside_text import from_outside
from fastorder.settings.found import Hidden

SERVICE = "fastorder"
PLACE = f"keyring, service {SERVICE}"
NOT_INSTALLED = "not looked for (pip install 'fastorder[keyring]')"
NO_BACKEND = (
    "not looked for: the package keyring finds no key store on this machine (one such "
    "as GNOME Keyring or KWallet has to run; without one, set FASTORDER_USER and "
    "FASTORDER_API_KEY)"
)
NO_STORES = frozenset({"keyring.backends.fail", "keyring.backends.null"})
"""The package's stand-ins where there is no store: they keep nothing."""


def key_of(user_name: str | None) -> tuple[Hidden | None, str]:
    """The key that is stored for a user; None where there is none, and why."""
    if user_name is None:
        return None, "not looked for: it is stored by user_name, and that is missing"
    keyring, why = available()
    if keyring is None:
        return None, why
    try:
        key = keyring.get_password(SERVICE, user_name)
    except Exception as error:  # each backend has its own; it is told
        return None, f"failed: {from_outside(repr(error))}"
    return (Hidden(key), "") if key else (None, f"no key of {user_name}")


def stored_user_name() -> tuple[str | None, str]:
    """Whose key is stored, where the store tells; None where not, and why."""
    keyring, why = available()
    if keyring is None:
        return None, why
    try:
        credential = keyring.get_credential(SERVICE, None)
    except Exception as error:  # the same
        return None, f"failed: {from_outside(repr(error))}"
    name = credential.username if credential else None
    return (name, "") if name else (None, "names no user")


def available() -> tuple[Any, str]:
    """The package that knows the store; None where there is no store, and why."""
    try:
        import keyring  # an extra
    except ImportError:
        return None, NOT_INSTALLED
    is_none = type(keyring.get_keyring()).__module__ in NO_STORES
    return (None, NO_BACKEND) if is_none else (keyring, "")
