"""Boxes become MuJoCo models; batches of states advance, are labelled and seen."""
