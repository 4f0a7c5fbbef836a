"""Particles become transitions: MuJoCo scenes from shape priors, skills, clouds and true labels."""
