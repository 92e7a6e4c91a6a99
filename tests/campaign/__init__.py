"""The placement protocol against a model gateway in virtual time, and its checker."""
