"""Every other request: reads, and what amends an order or a position."""
