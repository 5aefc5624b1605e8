"""Roles: what users may, put together by an agency for its workspaces."""
