"""The agency's console: workspaces, users, roles, the audit trail, and how the pages are set up."""
