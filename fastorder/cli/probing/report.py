"""A probe's report: a page of Markdown, whole or not there."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from fastorder import __version__
from fastorder._base.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fastorder.cli.probing.questions import Answer


def report_of(gateway: str, answers: Sequence[Answer], left: Sequence[str]) -> str:
    """The page; no account's number and no token stands in it."""
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    sent = sum(each.orders for each in answers)
    lines = [
        f"# What {gateway} answers",
        "",
        f"Asked of a practice account at {at}, with {counted(sent, 'order')}, "
        f"by fastorder {__version__}.",
        "",
        *(f"**{what}**\n" for what in left),
        "| question | answer |",
        "|---|---|",
        *(f"| {each.question.name} | {_cell(each.found)} |" for each in answers),
    ]
    for each in answers:
        lines += ["", f"## {each.question.name}", "", each.question.asks, ""]
        lines += [
            each.found,
            "",
            f"{counted(each.orders, 'order')}, {each.took_s:.1f} s.",
            "",
        ]
        lines += [f"    {text}" for text in each.evidence]
    return "\n".join(lines).rstrip() + "\n"


def write(path: Path, text: str) -> None:
    """Put it there, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
