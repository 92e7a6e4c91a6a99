"""What comes from the hubs, as a program takes it: quotes, trades, depth, live bars."""
