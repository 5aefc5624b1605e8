"""Who owns what: agencies, workspaces, and the one safe way to query their rows."""
