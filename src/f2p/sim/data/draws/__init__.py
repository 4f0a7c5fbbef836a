"""What is pre-trained on: one file a skill."""
