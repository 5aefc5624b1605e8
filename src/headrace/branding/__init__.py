"""Branding: how an agency's pages look, kept by agency and followed by every page."""
