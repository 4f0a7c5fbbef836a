"""Tasks: a scene maker, a goal, the proposal of common sense, and success by the simulator's truth."""
