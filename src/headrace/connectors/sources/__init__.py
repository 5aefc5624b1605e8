"""The data sources, one folder each."""
