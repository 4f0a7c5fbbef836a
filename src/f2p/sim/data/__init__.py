"""Random scenes and the executions that pre-training learns from."""
