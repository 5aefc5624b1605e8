"""The dashboards that every workspace has, as data: what each shows, and what it is known by."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Ids are unique on a server without a table of them: as many dashboards as this fit a workspace.
_PER_WORKSPACE = 100


class Chart(StrEnum):
    """The charts of all dashboards, each by the member of the dashboard's answer that it draws."""

    BY_DAY = "by_day"
    BY_CHANNEL = "by_channel"
    DAYS = "days"
    MOVED = "moved"


@dataclass(frozen=True)
class Dashboard:
    """One kind of dashboard. number: constant for good, below 100; ids are made of it.

    charts: in the order of its page; the first one is meant where none is named.
    """

    number: int
    data_name: str
    title: str
    charts: tuple[Chart, ...]


DASHBOARDS = (
    Dashboard(1, "performance", "Performance", (Chart.BY_DAY, Chart.BY_CHANNEL)),
    Dashboard(2, "freshness", "Freshness", (Chart.DAYS,)),
    Dashboard(3, "pipeline_health", "Pipeline health", (Chart.MOVED,)),
)


def charts_of(data_name: str) -> tuple[Chart, ...]:
    """Return the charts of a dashboard, the first one first."""
    return next(item.charts for item in DASHBOARDS if item.data_name == data_name)


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
