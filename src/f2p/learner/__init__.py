"""Failure in, training data out: one file per way to respond to a failure."""
