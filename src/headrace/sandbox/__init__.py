"""A built-in advertising network: invented accounts with real HTTP, for trying and for testing."""
