"""f2p: a robot that learns from its own failures (Fail2Progress on a Stretch RE2)."""

__version__ = "0.1.0"
