"""Recordings run again: their messages read, perception and monitor asked anew. Nothing here speaks to a robot."""
