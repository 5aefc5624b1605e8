"""The body of the dashboards operation."""

from pydantic import BaseModel, Field


class DashboardOut(BaseModel):
    """A page that shows something of a workspace."""

    dashboard_id: int = Field(description="Constant for a workspace.", examples=[101])
    title: str = Field(examples=["Performance"])
    data_name: str = Field(
        description="The kind of data it shows: `performance`, `freshness` or `pipeline_health`.",
        examples=["performance"],
    )
    url: str | None = Field(
        description="Where its page is, for users of the agency.",
        examples=["https://headrace.example.com/workspaces/1/dashboards/performance"],
    )
