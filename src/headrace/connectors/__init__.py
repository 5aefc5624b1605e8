"""Connectors: what Headrace reads from. One folder in `sources` for each data source."""
