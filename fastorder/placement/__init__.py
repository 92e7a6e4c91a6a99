"""One order, sent at most once, and the proof of what became of it."""
