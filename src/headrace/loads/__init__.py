"""Loads: keeping a destination's table equal to a data table."""
