"""OAuth to data sources: a person's way to the platform and back, with the credentials it ends in."""
