"""The steps from each version of the schema to the next one, in both databases' words.

Forward only. A step is never changed once its version was released; a new version adds
one here, and its tables to ``schema``. Tests keep a filled store of every version.
"""

from __future__ import annotations

STEPS: dict[int, dict[str, list[str]]] = {}
"""By the version that a step starts from."""
