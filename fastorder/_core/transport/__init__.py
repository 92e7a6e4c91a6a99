"""Bytes and connections; knows no orders."""
