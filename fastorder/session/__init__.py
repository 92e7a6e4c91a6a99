"""What all requests of one executor share: the book, connections, trust, the log."""
