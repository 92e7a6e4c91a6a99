"""A bracket as it is typed: "40:80", "40:" or ":80", in ticks from the fill."""

from __future__ import annotations

import typer


def bracket_from(text: str | None) -> tuple[int | None, int | None]:
    """Ticks of the stop and of the target.

    Raises:
        typer.BadParameter: it is no bracket.
    """
    if text is None:
        return None, None
    stop, colon, target = text.partition(":")
    legs = [None if part == "" else part for part in (stop, target)]
    is_whole = all(leg is None or (leg.isascii() and leg.isdigit()) for leg in legs)
    if not colon or not any(legs) or not is_whole:
        raise typer.BadParameter(
            f"a bracket must be STOP:TARGET in ticks, such as 40:80, 40: or :80, "
            f"was {text!r}"
        )
    loss, profit = (None if leg is None else int(leg) for leg in legs)
    return loss, profit
