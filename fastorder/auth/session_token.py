"""The token of a moment with its revision, as it is handed to whoever connects."""

from __future__ import annotations

from fastorder._base.kept_here import KeptHere


class SessionToken(KeptHere):
    """A token that hides its text: only ``reveal`` gives it.

    Attributes:
        revision: grows with each token of an executor; of two, the greater is newer.
    """

    __slots__ = ("_text", "revision")

    def __init__(self, text: str, revision: int) -> None:
        self._text = text
        self.revision = revision

    def __repr__(self) -> str:
        return f"<SessionToken: revision {self.revision}>"

    def reveal(self) -> str:
        """The text of the token: for a header or an address, never for a log."""
        return self._text
