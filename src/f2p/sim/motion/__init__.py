"""How a skill moves the tool of the data simulation, one file a skill."""
