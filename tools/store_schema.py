"""The tables of the store as Markdown, from the code: docs/internals/store.md has them.

python tools/store_schema.py --page docs/internals/store.md
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from fastorder.store.schema import TABLES, VIEWS

BEGIN, END = "<!-- store: schema -->", "<!-- end -->"


def shown() -> str:
    """Every table with its columns, then the views."""
    parts = []
    for table in TABLES:
        rows = [
            f"| {'**' if each.rule == 'key' else ''}`{each.name}`"
            f"{'**' if each.rule == 'key' else ''} | {each.kind} | {each.rule} "
            f"| {each.about} |"
            for each in table.columns
        ]
        head = "| column | type | merged as | it is |\n|---|---|---|---|"
        parts.append(f"### {table.name}\n\n{table.about}\n\n{head}\n" + "\n".join(rows))
    views = "\n".join(f"- `{name}`: {about}" for name, (about, _) in VIEWS.items())
    return "\n\n".join([*parts, f"### Views\n\n{views}"])


def put_into(page: str) -> str:
    """The page with its tables as they are now."""
    pattern = re.compile(rf"{BEGIN}\n.*?{END}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{shown()}\n\n{END}", page)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, required=True)
    page = parser.parse_args().page
    text = page.read_text(encoding="utf-8")
    page.write_text(put_into(text), encoding="utf-8")


if __name__ == "__main__":
    main()
