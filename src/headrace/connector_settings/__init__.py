"""Connector settings: the OAuth client an agency registered at a platform, secret sealed."""
