"""Loaders: what Headrace writes to. One folder in `targets` for each kind of destination."""
