"""Physics in another process, or under another Python: what is said over the wire, and who is at its ends."""
