"""Pages one can read: what was expected, what happened, what was learned from it."""
