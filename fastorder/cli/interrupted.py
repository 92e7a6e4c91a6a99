"""What an interrupt leaves open, in words."""

INTERRUPTED = (
    "interrupted: an order that had left may have been taken; see "
    "fastorder journal and fastorder orders"
)
