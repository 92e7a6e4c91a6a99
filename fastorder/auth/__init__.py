"""The token: what it was got with, how long it lasts, how it is renewed."""
