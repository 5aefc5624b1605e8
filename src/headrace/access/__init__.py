"""Who may: users, credentials, permissions, and the scopes that prove them."""
