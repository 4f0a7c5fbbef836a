"""Segmenters: a cloud in, one label per point out."""
