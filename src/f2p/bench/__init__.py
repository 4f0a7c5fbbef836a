"""Time and memory against the limits the project sets itself; never part of the test suite."""
