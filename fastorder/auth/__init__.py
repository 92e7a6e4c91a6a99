"""Login, the token, and its renewal."""
