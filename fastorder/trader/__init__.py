"""One object for a trading day: a login, an account, an executor, and what one does."""
