"""Other processes behind the protocols that the core asks."""
