"""What a trader does with several requests at once: flatten, cancel all, reverse ..."""
