"""Failure in, particles out: about twenty scenes and actions by Stein variational inference (Eq. 1 to 5)."""
