"""Time and chance, the pauses between tries, the log."""
