"""Orders and bytes; knows no network."""
