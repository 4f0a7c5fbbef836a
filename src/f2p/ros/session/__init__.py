"""A whole stack of one's own, for a demo or a benchmark."""
