"""The state of an account: rows that are right, or that say that they are not."""
