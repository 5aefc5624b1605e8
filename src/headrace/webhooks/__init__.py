"""Webhooks: where a workspace's events are sent, and what became of each delivery."""
