"""The compiled order path."""
