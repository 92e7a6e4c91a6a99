"""The state's rules against a modelled gateway in virtual time."""
