"""The dashboards that every workspace has, as data: what each shows, and what it is known by."""

from dataclasses import dataclass
from typing import Any

# Ids are unique on a server without a table of them: as many dashboards as this fit a workspace.
_PER_WORKSPACE = 100


@dataclass(frozen=True)
class Dashboard:
    """One kind of dashboard. number: constant for good, below 100; ids are made of it."""

    number: int
    data_name: str
    title: str


DASHBOARDS = (
    Dashboard(1, "performance", "Performance"),
    Dashboard(2, "freshness", "Freshness"),
    Dashboard(3, "pipeline_health", "Pipeline health"),
)


def dashboards_of(workspace_id: int, public_address: str) -> list[dict[str, Any]]:
    """Return a workspace's dashboards, as `DashboardOut`."""
    return [
        {
            "dashboard_id": workspace_id * _PER_WORKSPACE + item.number,
            "title": item.title,
            "data_name": item.data_name,
            "url": f"{public_address}/workspaces/{workspace_id}/dashboards/{item.data_name}",
        }
        for item in DASHBOARDS
    ]
