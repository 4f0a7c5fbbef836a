"""Driving by hand: keys and a gamepad in, what to move out; no ROS, and time is an argument."""
