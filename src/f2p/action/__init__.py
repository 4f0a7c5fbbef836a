"""What a skill is to everybody but the robot: one file per skill."""
