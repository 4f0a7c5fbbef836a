"""The console's ends in the graph: what it hears, and what its buttons ask for."""
