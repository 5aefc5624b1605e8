"""Recipes: transformations an agency writes once, that build data tables in its workspaces."""
