"""Headrace: a self-hosted, multi-tenant, embedded ELT server for marketing data."""

__version__ = "0.1.0"
