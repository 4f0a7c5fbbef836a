"""What a skill may ask of a body, and the bodies that answer."""
