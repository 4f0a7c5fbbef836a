"""Outcome in, failure or nothing out: predicted against observed relations, a calibrated threshold, the cause."""
