"""The variables of an action particle: one file per skill that has its own, bounds of the parameters for any other."""
