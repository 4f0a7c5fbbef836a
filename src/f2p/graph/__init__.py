"""The robot graph as data, and its processes supervised without `launch`."""
