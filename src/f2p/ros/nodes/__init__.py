"""One thin file a process of the graph."""
