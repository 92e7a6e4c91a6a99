"""restart_looks.py is compiled as it stands: no handler of a signal runs in it."""
