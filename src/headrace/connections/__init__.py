"""Connections: a customer's authorization at a data source, and the accounts it reaches."""
