"""Destination connections: where data is delivered to."""
