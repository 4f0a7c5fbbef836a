"""Data set in, weights in service out: store, checks, gate, hot swap, lineage."""
