"""The bodies of the dashboards' operations."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from headrace.dashboards.catalogue import Chart
from headrace.dashboards.filters import Comparison, Period
from headrace.dashboards.freshness import CellState
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import DayState
from headrace.dashboards.pipeline_health import NextStep

MOST_IN_A_LINK = 100
"""How many channels, and how many accounts, are locked in a link to a picture."""


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


class FiguresOut(BaseModel):
    """Sums that platforms report, and ratios made of the sums; decimals are text.

    A ratio is null where it would be divided by zero.
    """

    spend: str = Field(examples=["1250.5"])
    impressions: str = Field(examples=["98000"])
    clicks: str = Field(examples=["1400"])
    ctr: str | None = Field(description="Clicks by impressions.", examples=["0.014285714"])
    cpc: str | None = Field(description="Spend by clicks.", examples=["0.893214286"])
    conversions: str = Field(examples=["31.5"])
    cpa: str | None = Field(description="Spend by conversions.", examples=["39.698412698"])
    revenue: str = Field(examples=["4100"])
    roas: str | None = Field(description="Revenue by spend.", examples=["3.278688525"])


class DayOut(BaseModel):
    """A day of the range."""

    date: date
    state: DayState = Field(
        description="`provisional`: the platform may still change it. `missing`: never read."
    )
    figures: FiguresOut | None


class ChannelOut(BaseModel):
    """A data source that figures come from."""

    name: str
    title: str


class FedAccountOut(BaseModel):
    """An account that figures come from."""

    channel: str
    account_id: str
    title: str


class ChannelFiguresOut(BaseModel):
    """The figures of a data source."""

    channel: str
    figures: FiguresOut


class CampaignOut(BaseModel):
    """The figures of a campaign, under the name it had last."""

    channel: str
    account_id: str
    account_title: str
    campaign_id: str | None
    campaign_name: str | None
    figures: FiguresOut


class LackingOut(BaseModel):
    """A data table that does not hold every figure; what it lacks counts as zero."""

    data_table: str
    figures: list[str]


class PerformanceOut(BaseModel):
    """What advertising cost and brought. All figures are of one currency: they are never mixed."""

    data_name: Literal["performance"]
    date_from: date
    date_to: date
    compared_from: date | None
    compared_to: date | None
    currency: str | None = Field(
        description="The currency of the figures; `XXX` where no platform told one, null where there "
        "are no figures.",
        examples=["EUR"],
    )
    currencies: list[str] = Field(description="All currencies there are figures in.")
    totals: FiguresOut
    compared_totals: FiguresOut | None
    by_day: list[DayOut]
    compared_by_day: list[DayOut]
    channels: list[ChannelOut] = Field(description="All that can be asked for.")
    accounts: list[FedAccountOut] = Field(description="All that can be asked for.")
    by_channel: list[ChannelFiguresOut]
    campaigns: list[CampaignOut] = Field(description="One page, by channel, then as asked for.")
    campaign_count: int = Field(description="Of all pages.")
    lacking: list[LackingOut]


class PictureLinkIn(BaseModel):
    """What a picture is to show; all of it is locked in the link.

    Of performance a metric's trend (`by_day`) or its bars (`by_channel`), of freshness the grid of
    `days`, of pipeline health the rows `moved` by day.
    """

    chart: Chart | None = Field(
        None,
        description="A chart that the dashboard has; null for its first one.",
        examples=["by_channel"],
    )
    form: Literal["png", "svg"] = "png"
    metric: Metric = Metric.SPEND
    theme: Literal["light", "dark"] = "light"
    title: str | None = Field(None, max_length=200, description="In the place of the chart's own.")
    lifetime_days: int = Field(90, ge=1, le=400, description="How long the link is good.")
    period: Period = Period.LAST_30_DAYS
    date_from: date | None = Field(None, description="First day of a custom period.")
    date_to: date | None = Field(None, description="Last day of a custom period.")
    compare: Comparison = Comparison.PREVIOUS_PERIOD
    channels: list[str] = Field(
        [], max_length=MOST_IN_A_LINK, description="Data sources; none for all."
    )
    accounts: list[str] = Field(
        [], max_length=MOST_IN_A_LINK, description="By their ids at the platforms; none for all."
    )
    currency: str | None = Field(None, max_length=3)


class PictureLinkOut(BaseModel):
    """A link to a picture, for everybody who has it."""

    url: str = Field(examples=["https://headrace.example.com/charts/v1.1f2e3d4c.….png"])
    expires_at: datetime


class CellOut(BaseModel):
    """A data table's day: the worst of its accounts."""

    date: date
    state: CellState = Field(
        description="`failed`: a run that was to read it failed for good. `missing`: wanted and never "
        "read. `provisional`: the platform may still change it. `none`: not wanted."
    )
    accounts: int = Field(description="How many accounts are in that state.")
    of: int = Field(description="How many accounts want the day, or were read of it.")


class TableFreshnessOut(BaseModel):
    """How fresh a data table is, over the accounts that are read into it."""

    data_table_id: int
    title: str
    channel: str
    accounts: int
    newest_day: date | None = Field(description="The newest day that all accounts were read of.")
    age_days: int | None = Field(description="From the newest day to yesterday.")
    last_sync: datetime | None
    next_run: datetime | None
    oldest_unsynced_day: date | None
    days: list[CellOut] = Field(description="Oldest first; none where rows have no days.")


class FreshnessOut(BaseModel):
    """Which days of the data tables are there; a page of fifty tables, by title."""

    data_name: Literal["freshness"]
    date_from: date
    date_to: date
    count: int = Field(description="Data tables of all pages.")
    data_tables: list[TableFreshnessOut]


class FailureOut(BaseModel):
    """Something that does not work, why, and what to do."""

    kind: Literal["connection", "extract", "load"]
    id: int
    title: str
    state: str
    error_text: str = Field(examples=["The access token has expired."])
    next_step: NextStep
    connection_id: int | None = Field(description="To reconnect, where that is the next step.")


class MovedOut(BaseModel):
    """What ended on a day, in UTC."""

    date: date
    rows_extracted: int
    rows_loaded: int
    failed_runs: int


class ColumnChangeOut(BaseModel):
    """A change of a data table's columns."""

    at: datetime
    data_table_id: int
    data_table: str
    column: str
    change: str
    type_before: str | None
    type_after: str | None
    is_taken: bool = Field(description="Whether the data table took it.")


class PipelineHealthOut(BaseModel):
    """What works in a workspace, and what to do about what does not."""

    data_name: Literal["pipeline_health"]
    date_from: date
    date_to: date
    connections: dict[str, int] = Field(description="How many by state.", examples=[{"active": 2}])
    extracts: dict[str, int] = Field(description="How many by state.", examples=[{"synced": 9}])
    loads: dict[str, int] = Field(description="How many by state.", examples=[{"synced": 4}])
    failures: list[FailureOut] = Field(description="At most fifty.")
    moved: list[MovedOut]
    schema_changes: list[ColumnChangeOut] = Field(description="The newest twenty.")
    running: int = Field(description="Runs under way.")
    waiting: int = Field(description="Runs that could begin and wait for their turn.")
    waiting_seconds: int = Field(description="How long the oldest of them has been waiting.")
