"""Dashboards: the pages that show a workspace's results and the health of its pipelines."""
