"""Both hubs of the gateway: market data and what happens to accounts, as it happens."""
