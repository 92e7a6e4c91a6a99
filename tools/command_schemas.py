"""Writes what each command's --json gives into docs/guide/command-line.md.

python tools/command_schemas.py docs/guide/command-line.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fastorder.cli.shapes import COMMANDS, Shape

MARKED = re.compile(r"(<!-- schemas -->\n).*?(<!-- end of schemas -->)", re.DOTALL)


def main(path: Path) -> None:
    """Write the page anew."""
    page = path.read_text(encoding="utf-8")
    path.write_text(with_schemas(page), encoding="utf-8")


def with_schemas(page: str) -> str:
    """The page with the schemas of now."""
    return MARKED.sub(lambda found: f"{found[1]}\n{schemas()}\n{found[2]}", page)


def schemas() -> str:
    """Each shape once, with the commands that give it."""
    shapes: dict[str, tuple[Shape, list[str]]] = {}
    for command, shape in COMMANDS.items():
        shapes.setdefault(shape.name, (shape, []))[1].append(f"`{command}`")
    return "\n".join(_section(*shapes[name]) for name in sorted(shapes))


def _section(shape: Shape, commands: list[str]) -> str:
    kind = "a list of objects" if shape.is_list else "an object"
    rows = [
        f"| `{each.name}` | {each.kind} | {each.meaning} |" for each in shape.columns
    ]
    return "\n".join(
        [
            f"### `{shape.name}`: {kind}",
            "",
            f"Given by {', '.join(commands)}.",
            "",
            "| member | kind | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
