"""Experiments: success by the simulator's ground truth, with intervals, beside chance and baselines."""
