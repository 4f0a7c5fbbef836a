"""The twin: a Stretch RE2 in MuJoCo that answers as the robot's driver and camera do."""
