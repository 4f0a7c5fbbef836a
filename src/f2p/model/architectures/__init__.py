"""Skill effect models, one file per architecture."""
