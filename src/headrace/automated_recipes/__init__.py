"""Automated recipes: data tables that templates know how to build from accounts of ad platforms."""
