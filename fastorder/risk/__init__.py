"""Limits: which order may add exposure, by what the client knows of its accounts."""
