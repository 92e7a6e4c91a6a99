"""What a command needs beside the package, and may not be installed."""

from __future__ import annotations

from importlib.util import find_spec

import typer


def must_be_installed(what: str, extra: str, *modules: str) -> None:
    """Refuse what needs packages that are not here.

    Args:
        what: what needs them, with its verb.
        extra: that of this package which brings them.

    Raises:
        typer.BadParameter: one of them is not here.
    """
    if any(find_spec(module) is None for module in modules):
        raise typer.BadParameter(
            f"{what} {' and '.join(modules)}: pip install 'fastorder[{extra}]'"
        )
