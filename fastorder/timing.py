"""When what happened to a request."""

from typing import NamedTuple


class Timing(NamedTuple):
    """When what happened, in nanoseconds of the monotonic clock; None if it did not.

    Attributes:
        called: the verb was called.
        written: the kernel had the request's last byte (of the last send).
        first_byte: the answer's first byte was read.
        parsed: the result was known.
    """

    called: int
    written: int | None
    first_byte: int | None
    parsed: int

    @property
    def call_to_written(self) -> int | None:
        """Nanoseconds from the call until the request had left."""
        return None if self.written is None else self.written - self.called

    @property
    def call_to_first_byte(self) -> int | None:
        """Nanoseconds from the call until the answer began."""
        return None if self.first_byte is None else self.first_byte - self.called

    @property
    def call_to_result(self) -> int:
        """Nanoseconds from the call until the result was known."""
        return self.parsed - self.called
