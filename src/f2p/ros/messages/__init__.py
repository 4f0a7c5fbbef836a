"""Between our values and their messages, both ways."""
