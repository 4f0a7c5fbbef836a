"""What a skill is measured on: one file a skill."""
