"""Orders to the ProjectX Gateway API (TopstepX), sent fast and at most once."""
