"""What all requests of an executor share: open tickets, TLS, keepalive, outcomes."""
