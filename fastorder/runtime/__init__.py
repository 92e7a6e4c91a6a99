"""Clocks, the pauses between tries, the log."""
