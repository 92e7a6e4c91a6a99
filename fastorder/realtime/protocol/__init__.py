"""The hub protocol without I/O: events in, commands out, the clock given."""
