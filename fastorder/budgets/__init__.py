"""Request budgets: no more requests in any window of time than the gateway takes."""
