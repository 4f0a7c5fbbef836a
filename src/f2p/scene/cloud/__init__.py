"""Points: read, made fit to look at, planes and surfaces in them."""
