"""The iframe: URLs that open it once, and the sessions it then works in."""
