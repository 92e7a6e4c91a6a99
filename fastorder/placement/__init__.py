"""One order, sent at most once, and what is proved of it afterwards."""
