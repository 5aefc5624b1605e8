"""The scalar fields of Insights as data: kind, type, the level they need, what their absence means.

Facts: Meta's Insights reference (AdsInsights fields, v26). Values arrive as text; a metric that is
zero is left out of the row, a ratio without a denominator too.
"""

from dataclasses import dataclass
from enum import IntEnum

from headrace.connectors.contract import Field, FieldKind
from headrace.kit.columns import ColumnType


class Level(IntEnum):
    """The object a row describes; a deeper level has a larger number."""

    ACCOUNT = 0
    CAMPAIGN = 1
    ADSET = 2
    AD = 3

    @property
    def word(self) -> str:
        """What Meta calls it in the `level` parameter."""
        return self.name.lower()

    @property
    def id_field(self) -> str:
        """The field that tells one row's object from another's."""
        return f"{self.word}_id"


@dataclass(frozen=True)
class Scalar:
    """A field that is one value.

    level: the shallowest level at which Meta fills it.
    zero_when_absent: whether a row without it means 0 rather than "no value".
    unique: whether it counts people once, which Meta restricts more than other metrics.
    """

    field: Field
    level: Level = Level.ACCOUNT
    zero_when_absent: bool = False
    unique: bool = False


_TITLES = {
    "cpc": "CPC (all)",
    "cpm": "CPM (cost per 1,000 impressions)",
    "cpp": "Cost per 1,000 people reached",
    "ctr": "CTR (all)",
    "clicks": "Clicks (all)",
    "spend": "Amount spent",
    "date_start": "Day",
    "date_stop": "Last day",
}


def title_of(name: str) -> str:
    """Make a title from a vendor's field name."""
    plain = name.replace("adset", "ad set").replace("_id", " ID").replace("_", " ")
    return _TITLES.get(name, plain[0].upper() + plain[1:])


def _dimension(name: str, level: Level = Level.ACCOUNT, description: str = "") -> Scalar:
    return Scalar(Field(name, title_of(name), FieldKind.DIMENSION, description=description), level)


def _property(name: str, level: Level = Level.ACCOUNT, description: str = "") -> Scalar:
    return Scalar(Field(name, title_of(name), FieldKind.PROPERTY, description=description), level)


def _count(name: str, description: str = "", *, unique: bool = False) -> Scalar:
    field = Field(
        name, title_of(name), FieldKind.METRIC, ColumnType.INTEGER, description, additive=not unique
    )
    return Scalar(field, zero_when_absent=True, unique=unique)


def _money(name: str, description: str = "") -> Scalar:
    field = Field(
        name, title_of(name), FieldKind.METRIC, ColumnType.DECIMAL, description, format="currency"
    )
    return Scalar(field, zero_when_absent=True)


def _ratio(
    name: str, unit: str | None = None, description: str = "", *, unique: bool = False
) -> Scalar:
    field = Field(
        name,
        title_of(name),
        FieldKind.METRIC,
        ColumnType.DECIMAL,
        description,
        additive=False,
        format=unit,
    )
    return Scalar(field, unique=unique)


DAY = Scalar(
    Field(
        "date_start",
        title_of("date_start"),
        FieldKind.DATE_KEY,
        ColumnType.DATE,
        "The day, in the ad account's time zone.",
        mandatory=True,
        format="%Y-%m-%d",
    )
)

_SCALARS: tuple[Scalar, ...] = (
    DAY,
    Scalar(
        Field(
            "date_stop",
            title_of("date_stop"),
            FieldKind.PROPERTY,
            ColumnType.DATE,
            "Equal to the day: rows are daily.",
            format="%Y-%m-%d",
        )
    ),
    _property("account_currency", description="ISO code of the currency money is given in."),
    _dimension("campaign_id", Level.CAMPAIGN),
    _dimension("campaign_name", Level.CAMPAIGN),
    _property("objective", Level.CAMPAIGN, "The campaign's goal."),
    _property("buying_type", Level.CAMPAIGN, "Auction or reserved."),
    _dimension("adset_id", Level.ADSET),
    _dimension("adset_name", Level.ADSET),
    _property("optimization_goal", Level.ADSET),
    _property("attribution_setting", Level.ADSET, "The ad set's own attribution window."),
    _dimension("ad_id", Level.AD),
    _dimension("ad_name", Level.AD),
    _property("created_time", Level.AD),
    _property("updated_time", Level.AD),
    _property("quality_ranking", Level.AD, "Compared with ads competing for the same people."),
    _property("engagement_rate_ranking", Level.AD),
    _property("conversion_rate_ranking", Level.AD),
    _count("impressions"),
    _count("clicks", "Every click, also those that stay on the platform."),
    _money("spend"),
    _count("reach", "People who saw an ad at least once; estimated.", unique=True),
    _ratio("frequency", None, "Impressions for each person reached.", unique=True),
    _count("unique_clicks", "People who clicked; estimated.", unique=True),
    _count("inline_link_clicks", "Clicks on links, within one day of the click."),
    _count("inline_post_engagement"),
    _ratio("cpc", "currency"),
    _ratio("cpm", "currency"),
    _ratio("cpp", "currency", unique=True),
    _ratio("ctr", "percent"),
    _ratio("inline_link_click_ctr", "percent"),
    _ratio("cost_per_inline_link_click", "currency"),
    _ratio("cost_per_inline_post_engagement", "currency"),
    _ratio("cost_per_unique_click", "currency", unique=True),
    _ratio("cost_per_unique_inline_link_click", "currency", unique=True),
    _money("social_spend", "Spend on ads shown with social information."),
    _count("full_view_impressions"),
    _count("full_view_reach", unique=True),
    _ratio("canvas_avg_view_percent", "percent"),
    _ratio("canvas_avg_view_time", None, "Seconds."),
    _count("instant_experience_clicks_to_open"),
    _count("instant_experience_clicks_to_start"),
    _count("instagram_upcoming_event_reminders_set"),
    _ratio("marketing_messages_delivery_rate", "percent"),
    _ratio("qualifying_question_qualify_answer_rate", "percent"),
)

SCALARS: dict[str, Scalar] = {scalar.field.name: scalar for scalar in _SCALARS}
"""Every scalar field by name. `account_id` and `account_name` are the platform's own columns."""

UNIQUE_METRICS = frozenset(name for name, scalar in SCALARS.items() if scalar.unique)
"""Metrics that count people once: Meta keeps them 13 months only when broken down."""
