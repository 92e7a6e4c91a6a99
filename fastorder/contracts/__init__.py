"""Contracts by the names that people say, kept with their age, and their rollover."""
