"""Workspaces: the customers of an agency."""
