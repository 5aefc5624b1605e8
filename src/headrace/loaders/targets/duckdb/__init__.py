"""A DuckDB file as a destination."""

from headrace.loaders.targets.duckdb.loader import DuckDbLoader

LOADER = DuckDbLoader()
