"""store.py is compiled as it stands; its attributes are of a Python class."""
