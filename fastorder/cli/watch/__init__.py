"""``fastorder watch``: a live screen of one account, from the terminal."""
