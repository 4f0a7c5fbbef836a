"""A call with its parameter becomes motion: skills, each one file behind one protocol."""
