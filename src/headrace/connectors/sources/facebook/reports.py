"""The reports, their settings and the global templates: what can be read, as data."""

from dataclasses import dataclass

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
from headrace.connectors.sources.facebook.actions import (
    ACCOUNT_DEFAULT,
    LISTS,
    WINDOWS,
    describe,
    parse_action_field,
)
from headrace.connectors.sources.facebook.breakdowns import BREAKDOWNS, breakdown_field
from headrace.connectors.sources.facebook.catalogue import DAY, SCALARS, Level

LOOKBACK_DAYS = 28
"""Meta goes on attributing conversions to a day for 28 days; then its numbers are frozen."""

HISTORY_DAYS = 1123
"""The fewest days that 37 months can hold: what Meta keeps."""

CHUNK_DAYS = 30


@dataclass(frozen=True)
class ReportShape:
    """A report: the level of its rows and how they are broken down.

    level: None where the fields picked decide.
    breakdowns: always applied; a wide report takes those among the fields picked.
    """

    name: str
    title: str
    level: Level | None
    breakdowns: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether the person picks level and breakdowns with the dimensions."""
        return self.level is None


SHAPES: dict[str, ReportShape] = {
    shape.name: shape
    for shape in (
        ReportShape("account_performance", "Account performance", Level.ACCOUNT),
        ReportShape("campaign_performance", "Campaign performance", Level.CAMPAIGN),
        ReportShape("adset_performance", "Ad set performance", Level.ADSET),
        ReportShape("ad_performance", "Ad performance", Level.AD),
        ReportShape("country_performance", "Campaigns by country", Level.CAMPAIGN, ("country",)),
        ReportShape("region_performance", "Campaigns by region", Level.CAMPAIGN, ("region",)),
        ReportShape(
            "age_gender_performance",
            "Campaigns by age and gender",
            Level.CAMPAIGN,
            ("age", "gender"),
        ),
        ReportShape(
            "placement_performance",
            "Campaigns by platform and placement",
            Level.CAMPAIGN,
            ("publisher_platform", "platform_position"),
        ),
        ReportShape(
            "device_performance", "Campaigns by device", Level.CAMPAIGN, ("device_platform",)
        ),
        ReportShape(
            "hourly_performance",
            "Campaigns by hour",
            Level.CAMPAIGN,
            ("hourly_stats_aggregated_by_advertiser_time_zone",),
        ),
        ReportShape("wide", "Any dimensions and metrics", None),
    )
}

_COMMON_ACTIONS = (
    "actions:link_click",
    "actions:landing_page_view",
    "actions:post_engagement",
    "actions:lead",
    "actions:add_to_cart",
    "actions:initiate_checkout",
    "actions:complete_registration",
    "actions:purchase",
    "actions:omni_purchase",
    "action_values:purchase",
    "action_values:omni_purchase",
    "cost_per_action_type:omni_purchase",
    "purchase_roas:omni_purchase",
    "outbound_clicks:outbound_click",
)
_VIDEO_ACTIONS = (
    "video_play_actions:video_view",
    "video_thruplay_watched_actions:video_view",
    "video_p25_watched_actions:video_view",
    "video_p50_watched_actions:video_view",
    "video_p75_watched_actions:video_view",
    "video_p100_watched_actions:video_view",
)

_STATUSES = {
    "ACTIVE": "Active",
    "PAUSED": "Paused",
    "CAMPAIGN_PAUSED": "Campaign paused",
    "ADSET_PAUSED": "Ad set paused",
    "WITH_ISSUES": "With issues",
    "ARCHIVED": "Archived",
    "DELETED": "Deleted",
}

ATTRIBUTION = Setting(
    "attribution_windows",
    "Attribution windows",
    SettingType.MULTI_SELECT,
    description=(
        "How long after a click or a view an action counts. It decides what action fields without a "
        "window of their own hold; of several click windows the longest counts."
    ),
    initial_value=[ACCOUNT_DEFAULT],
    choices=(
        Choice(ACCOUNT_DEFAULT, "Account default", "What the ad account itself is set to."),
        *(Choice(value, label) for value, label in WINDOWS.items()),
    ),
)
REPORT_TIME = Setting(
    "action_report_time",
    "Day of an action",
    SettingType.SELECT,
    description="Whether an action counts on the day of the ad's impression or on its own day.",
    choices=(
        Choice("impression", "The impression's"),
        Choice("conversion", "The action's own"),
        Choice("mixed", "Meta's mixture", "Clicks by impression, conversions by their own day."),
    ),
)
STATUSES = Setting(
    "effective_statuses",
    "Only objects whose status is",
    SettingType.MULTI_SELECT,
    description=(
        "By the status they have today. Without a choice every object that had activity is read, "
        "deleted and archived ones too."
    ),
    initial_value=[],
    choices=tuple(Choice(value, label) for value, label in _STATUSES.items()),
)
CONVERSIONS = Setting(
    "conversion_action_types",
    "Action types that count as conversions",
    SettingType.DYNAMIC_MULTI_SELECT,
    description=(
        "What the fields chosen_actions and chosen_action_values add up. Types that overlap, such "
        "as purchase and omni_purchase, would be counted twice."
    ),
    initial_value=["omni_purchase"],
    takes_other_values=True,  # types are listed by what happened lately
)
CHOSEN = {"chosen_actions": "actions", "chosen_action_values": "action_values"}
"""Fields of ours: the sum over the action types of `CONVERSIONS`, and the list each adds up."""


def _chosen_fields() -> list[Field]:
    return [
        Field(
            name,
            title,
            FieldKind.METRIC,
            LISTS[CHOSEN[name]].type,
            f"The sum over the action types of the setting {CONVERSIONS.name}.",
            format=LISTS[CHOSEN[name]].unit,
        )
        for name, title in (
            ("chosen_actions", "Chosen conversions"),
            ("chosen_action_values", "Value of chosen conversions"),
        )
    ]


def _action_fields(shape: ReportShape) -> list[Field]:
    # Hours exclude video metrics and regions exclude watched quarters (see `breakdowns`).
    has_video = not shape.breakdowns or "country" in shape.breakdowns
    names = _COMMON_ACTIONS + (_VIDEO_ACTIONS if has_video else ())
    parsed = [action for name in names if (action := parse_action_field(name))]
    return [describe(action, is_dynamic=False) for action in parsed]


def _scalar_fields(shape: ReportShape) -> list[Field]:
    deepest = Level.AD if shape.level is None else shape.level
    own_id = "" if shape.level is None else shape.level.id_field
    fields = []
    for scalar in SCALARS.values():
        # Unique counts with breakdowns are kept 13 months only, so a report with fixed breakdowns
        # goes without them; in the wide report the person decides.
        if scalar.level > deepest or (scalar.unique and shape.breakdowns):
            continue
        field = scalar.field
        fields.append(_made_mandatory(field) if field.name == own_id else field)
    return fields


def _made_mandatory(field: Field) -> Field:
    return Field(field.name, field.title, field.kind, field.type, field.description, mandatory=True)


def _report(shape: ReportShape) -> Report:
    breakdowns = BREAKDOWNS if shape.is_wide else shape.breakdowns
    fields = (
        *_scalar_fields(shape),
        *(breakdown_field(name, mandatory=not shape.is_wide) for name in breakdowns),
        *_action_fields(shape),
        *_chosen_fields(),
    )
    has_objects = shape.level is not Level.ACCOUNT
    return Report(
        name=shape.name,
        title=shape.title,
        data_class=DataClass.DAILY,
        fields=fields,
        date_field=DAY.field.name,
        lookback_days=LOOKBACK_DAYS,
        history_days=HISTORY_DAYS,
        chunk_days=CHUNK_DAYS,
        includes_today=True,
        is_wide=shape.is_wide,
        settings=(ATTRIBUTION, REPORT_TIME, CONVERSIONS, *((STATUSES,) if has_objects else ())),
    )


REPORTS: tuple[Report, ...] = tuple(_report(shape) for shape in SHAPES.values())

_CAMPAIGN = ("campaign_id", "campaign_name")
_ADSET = (*_CAMPAIGN, "adset_id", "adset_name")
_AD = (*_ADSET, "ad_id", "ad_name")
_DELIVERY = ("impressions", "clicks", "spend")
_RATIOS = ("cpc", "cpm", "ctr")
_PEOPLE = ("reach", "frequency")
_LINKS = ("inline_link_clicks",)
_SALES = ("actions:omni_purchase", "action_values:omni_purchase")


def _template(code: str, title: str, description: str, report: str, *fields: str) -> Template:
    return Template(code, title, description, report, ("date_start", *fields))


TEMPLATES: tuple[Template, ...] = (
    _template(
        "account_daily",
        "Account, daily",
        "One row a day for the whole ad account.",
        "account_performance",
        "account_currency", *_DELIVERY, *_PEOPLE, *_RATIOS, *_LINKS, *_SALES,
    ),
    _template(
        "campaign_daily",
        "Campaigns, daily",
        "Delivery, cost and purchases of every campaign, day by day.",
        "campaign_performance",
        *_CAMPAIGN, "objective", *_DELIVERY, *_PEOPLE, *_RATIOS, *_LINKS, *_SALES,
    ),
    _template(
        "adset_daily",
        "Ad sets, daily",
        "Delivery, cost and purchases of every ad set, day by day.",
        "adset_performance",
        *_ADSET, "optimization_goal", *_DELIVERY, *_PEOPLE, *_RATIOS, *_LINKS, *_SALES,
    ),
    _template(
        "ad_daily",
        "Ads, daily",
        "Delivery, cost and purchases of every ad, day by day.",
        "ad_performance",
        *_AD, *_DELIVERY, *_PEOPLE, *_RATIOS, *_LINKS, *_SALES,
    ),
    _template(
        "ad_actions_daily",
        "Ad actions, daily",
        "What people did after seeing each ad: from link clicks to purchases, with their values.",
        "ad_performance",
        *_AD, *_DELIVERY, *_COMMON_ACTIONS,
    ),
    _template(
        "ad_video_daily",
        "Ad videos, daily",
        "How far people watched each ad's video.",
        "ad_performance",
        *_AD, *_DELIVERY, *_VIDEO_ACTIONS,
    ),
    _template(
        "country_daily",
        "Countries, daily",
        "Campaigns by the country of the people who saw them.",
        "country_performance",
        *_CAMPAIGN, "country", *_DELIVERY, *_RATIOS, *_LINKS,
    ),
    _template(
        "age_gender_daily",
        "Age and gender, daily",
        "Campaigns by age group and gender.",
        "age_gender_performance",
        *_CAMPAIGN, "age", "gender", *_DELIVERY, *_RATIOS, *_LINKS,
    ),
    _template(
        "placement_daily",
        "Placements, daily",
        "Campaigns by platform and by the place on it.",
        "placement_performance",
        *_CAMPAIGN, "publisher_platform", "platform_position", *_DELIVERY, *_RATIOS, *_LINKS,
    ),
    _template(
        "wide",
        "Any dimensions and metrics",
        "Pick level, breakdowns and metrics yourself.",
        "wide",
        *_CAMPAIGN, *_DELIVERY,
    ),
)  # fmt: skip
