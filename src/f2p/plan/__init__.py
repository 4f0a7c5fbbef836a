"""Latent and goal in, plan out: parameters by shooting, skeletons given or found by search."""
