"""``fastorder practice-probe``: asks a practice account what no documentation says."""
