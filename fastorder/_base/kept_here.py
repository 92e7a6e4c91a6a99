"""Objects that hold a secret, and so are neither pickled nor copied."""

from __future__ import annotations

from typing import NoReturn


class KeptHere:
    """Refuses a pickle and a copy: either would carry a secret away."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused."""
        raise TypeError(self._refusal())

    def __getstate__(self) -> NoReturn:
        """Refused, for the same reason."""
        raise TypeError(self._refusal())

    def _refusal(self) -> str:
        return (
            f"a {type(self).__name__} must stay in its process, not be copied or "
            "pickled: it holds a secret"
        )
