"""The reports of Demo Ads, their fields, and the templates made of them."""

from dataclasses import dataclass, replace

from headrace.connectors.contract import (
    Choice,
    DataClass,
    Field,
    FieldKind,
    Report,
    Setting,
    SettingType,
    Template,
)
from headrace.kit.columns import ColumnType

ATTRIBUTION = Setting(
    "attribution",
    "Attribution window",
    SettingType.SELECT,
    description="Which conversions count: those within this time after a click.",
    initial_value="7d_click",
    choices=(Choice("7d_click", "7 days after a click"), Choice("1d_click", "1 day after a click")),
)
CONVERSION_ACTIONS = Setting(
    "conversion_actions",
    "Conversion actions",
    SettingType.DYNAMIC_MULTI_SELECT,
    description="Only these count as conversions; without a choice all of the account's do.",
    initial_value=[],
)


def _dimension(name: str, title: str, kind: ColumnType = ColumnType.STRING) -> Field:
    return Field(name, title, FieldKind.DIMENSION, kind)


def _count(name: str, title: str) -> Field:
    return Field(name, title, FieldKind.METRIC, ColumnType.INTEGER)


def _money(name: str, title: str) -> Field:
    return Field(name, title, FieldKind.METRIC, ColumnType.DECIMAL, format="currency")


def _ratio(name: str, title: str, description: str, shown_as: str | None = None) -> Field:
    return Field(
        name, title, FieldKind.METRIC, ColumnType.DECIMAL, description,
        additive=False, format=shown_as,
    )  # fmt: skip


_DATE = Field(
    "date", "Date", FieldKind.DATE_KEY, ColumnType.DATE, "The day, in the account's time zone.",
    mandatory=True,
)  # fmt: skip
_CAMPAIGN_ID = replace(_dimension("campaign_id", "Campaign ID"), mandatory=True)
_CAMPAIGN = (
    _dimension("campaign_name", "Campaign"),
    _dimension("campaign_status", "Campaign status"),
    _dimension("objective", "Objective"),
)
_AD = (
    _dimension("ad_group_id", "Ad group ID"),
    _dimension("ad_group_name", "Ad group"),
    replace(_dimension("ad_id", "Ad ID"), mandatory=True),
    _dimension("ad_name", "Ad"),
    _dimension("ad_status", "Ad status"),
    _dimension("ad_format", "Ad format"),
    _dimension("landing_page_url", "Landing page"),
    _dimension("is_video", "Is a video", ColumnType.BOOLEAN),
    _dimension("created_at", "Created", ColumnType.DATETIME),
)
_BREAKDOWNS = (
    Field("device", "Device", FieldKind.DIMENSION, description="Not together with the country."),
    Field("country", "Country", FieldKind.DIMENSION, description="Not together with the device."),
)
_METRICS = (
    _count("impressions", "Impressions"),
    replace(_count("reach", "Reach"), additive=False),
    _count("clicks", "Clicks"),
    _count("link_clicks", "Link clicks"),
    _money("spend", "Spend"),
    _count("conversions", "Conversions"),
    _money("revenue", "Revenue"),
    _count("video_views", "Video views"),
    _count("video_completions", "Videos watched to the end"),
    _count("likes", "Likes"),
    _count("comments", "Comments"),
    _count("shares", "Shares"),
    _ratio("ctr", "CTR", "Clicks per impression, in percent.", "percent"),
    _ratio("cpc", "CPC", "Spend per click.", "currency"),
    _ratio("cpm", "CPM", "Spend per thousand impressions.", "currency"),
    _ratio("frequency", "Frequency", "Impressions per person reached."),
)
_SNAPSHOT = (
    Field("status", "Status", FieldKind.PROPERTY),
    Field("currency", "Currency", FieldKind.PROPERTY),
    Field("timezone", "Time zone", FieldKind.PROPERTY),
    Field("opened_at", "Opened", FieldKind.PROPERTY, ColumnType.DATETIME),
    _money("balance", "Balance"),
    _money("spend_30_days", "Spend of the last 30 days"),
    _count("campaigns", "Campaigns"),
    _count("ads", "Ads"),
)


@dataclass(frozen=True)
class Level:
    """How the network names a report's level, and the account's count of what it lists."""

    name: str
    counted_as: str


LEVELS = {
    "campaign_performance": Level("campaign", "campaigns"),
    "ad_performance": Level("ad", "ads"),
    "custom": Level("custom", "ads"),
}
WIDE = "custom"
SNAPSHOT = "account_snapshot"


def _daily(name: str, title: str, fields: tuple[Field, ...], *, is_wide: bool = False) -> Report:
    return Report(
        name, title, DataClass.DAILY, fields, "date",
        lookback_days=3, history_days=365, chunk_days=30, is_wide=is_wide,
        settings=(ATTRIBUTION, CONVERSION_ACTIONS),
    )  # fmt: skip


def _optional(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(replace(item, mandatory=False) for item in fields)


REPORTS = (
    _daily("campaign_performance", "Campaigns", (_DATE, _CAMPAIGN_ID, *_CAMPAIGN, *_METRICS)),
    _daily("ad_performance", "Ads", (_DATE, _CAMPAIGN_ID, *_CAMPAIGN, *_AD, *_METRICS)),
    _daily(
        WIDE,
        "Any dimensions and metrics",
        (_DATE, *_optional((_CAMPAIGN_ID, *_CAMPAIGN, *_AD)), *_BREAKDOWNS, *_METRICS),
        is_wide=True,
    ),
    Report(SNAPSHOT, "Account today", DataClass.LIFETIME, _SNAPSHOT, None),
)

TEMPLATES = (
    Template(
        "campaigns_daily",
        "Campaigns by day",
        "Delivery, cost and results of every campaign, a row a day.",
        "campaign_performance",
        (
            "date", "campaign_id", "campaign_name", "objective", "impressions", "clicks", "spend",
            "conversions", "revenue",
        ),
    ),
    Template(
        "ads_daily",
        "Ads by day",
        "Delivery, cost and results of every ad, a row a day.",
        "ad_performance",
        (
            "date", "campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id",
            "ad_name", "ad_format", "impressions", "reach", "clicks", "link_clicks", "spend",
            "conversions", "revenue", "ctr", "cpc", "cpm",
        ),
    ),
    Template(
        "videos_daily",
        "Videos by day",
        "How long videos are watched and what people do with them, by ad and day.",
        "ad_performance",
        (
            "date", "campaign_id", "ad_id", "ad_name", "is_video", "impressions", "video_views",
            "video_completions", "likes", "comments", "shares", "spend",
        ),
    ),
    Template(
        "custom",
        "Any dimensions and metrics",
        "Choose the dimensions yourself: a row for each of their combinations and day.",
        WIDE,
        ("date", "campaign_name", "device", "impressions", "clicks", "spend"),
    ),
    Template(
        "account_today",
        "Account today",
        "Balance, size and recent spend of the account.",
        SNAPSHOT,
        ("status", "currency", "opened_at", "balance", "spend_30_days", "campaigns", "ads"),
    ),
)  # fmt: skip
