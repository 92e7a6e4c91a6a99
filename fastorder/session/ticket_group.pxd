"""The C side of ticket_group.py: its classes are plain, its functions compiled."""
