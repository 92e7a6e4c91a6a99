"""The compiled exchange beside the simulator's, which was written apart."""
