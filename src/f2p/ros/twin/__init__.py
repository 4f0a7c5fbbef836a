"""The simulated Stretch behind the names, types and habits of its driver."""
