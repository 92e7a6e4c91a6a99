"""Leaves that everything may import."""
