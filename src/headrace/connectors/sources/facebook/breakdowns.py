"""Which breakdowns exist, which combine, and which metrics they exclude: Meta's table, as data.

Facts: Meta's page "Insights API Breakdowns" (combining breakdowns, limitations; May 2026) and the
page on asset insights for dynamic creative. Action breakdowns stay at `action_type`, because that is
what the flattened fields pick from.
"""

from collections.abc import Collection, Iterable

from headrace.connectors.contract import Field, FieldKind
from headrace.connectors.sources.facebook.actions import LISTS
from headrace.connectors.sources.facebook.catalogue import UNIQUE_METRICS, Level, title_of
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, told

HOURLY = frozenset(
    {
        "hourly_stats_aggregated_by_advertiser_time_zone",
        "hourly_stats_aggregated_by_audience_time_zone",
    }
)
ASSETS = frozenset(
    {
        "ad_format_asset",
        "body_asset",
        "call_to_action_asset",
        "description_asset",
        "image_asset",
        "link_url_asset",
        "title_asset",
        "video_asset",
    }
)
_PEOPLE = ((), ("age",), ("gender",), ("age", "gender"))

PERMITTED: frozenset[frozenset[str]] = frozenset(
    frozenset(names)
    for names in (
        *_PEOPLE,
        ("country",),
        ("region",),
        ("comscore_market",),
        ("publisher_platform",),
        ("publisher_platform", "impression_device"),
        ("publisher_platform", "platform_position"),
        ("publisher_platform", "platform_position", "impression_device"),
        ("device_platform",),
        ("product_id",),
        ("frequency_value",),
        ("user_segment_key",),
        *((hourly,) for hourly in HOURLY),
        *((asset, *people) for asset in ASSETS for people in _PEOPLE),
    )
)
"""Every set of breakdowns Meta answers; none is one of them."""

BREAKDOWNS: tuple[str, ...] = tuple(sorted({name for names in PERMITTED for name in names}))

_ASSET_METRICS = frozenset({"impressions", "clicks", "spend", "reach", "actions", "action_values"})
_VIDEO_LISTS = frozenset(name for name in LISTS if name.startswith("video_"))
UNIQUE_LISTS = frozenset(name for name in LISTS if "_unique_" in name)


def breakdown_field(name: str, *, mandatory: bool = False) -> Field:
    """Describe a breakdown as a field; asset breakdowns arrive as objects and are kept as JSON."""
    kind = "The asset as JSON text." if name in ASSETS else ""
    return Field(name, title_of(name), FieldKind.DIMENSION, description=kind, mandatory=mandatory)


def check_breakdowns(breakdowns: Collection[str], metrics: Collection[str], level: Level) -> None:
    """Make sure Meta answers these breakdowns together with these metrics and lists.

    Raises:
        Refused: naming what does not fit and what would.
    """
    picked = frozenset(breakdowns)
    if picked not in PERMITTED:
        raise Refused(
            told(
                "Meta does not combine the breakdowns {picked}. {alternatives}",
                picked=_said(picked),
                alternatives=_alternatives(picked),
            )
        )
    unfit = _unfit_metrics(picked, frozenset(metrics))
    if unfit:
        raise Refused(
            told(
                "Meta does not report {metrics} broken down by {picked}: deselect one or the other.",
                metrics=_said(unfit),
                picked=_said(picked),
            )
        )
    if level is Level.ACCOUNT and picked & {"image_asset", "video_asset"}:
        raise Refused(
            told(
                "Meta does not report {picked} for a whole account: select campaign_id, adset_id "
                "or ad_id as well.",
                picked=_said(picked),
            )
        )


def _unfit_metrics(picked: frozenset[str], metrics: frozenset[str]) -> frozenset[str]:
    unfit: frozenset[str] = frozenset()
    if picked & HOURLY:
        unfit |= metrics & (UNIQUE_METRICS | _VIDEO_LISTS | UNIQUE_LISTS)
    if picked & ASSETS:
        unfit |= metrics - _ASSET_METRICS
    if "frequency_value" in picked:
        unfit |= metrics - {"reach"}
    if "region" in picked:
        unfit |= metrics & {
            "video_p25_watched_actions",
            "video_p50_watched_actions",
            "video_p75_watched_actions",
            "video_p95_watched_actions",
            "video_p100_watched_actions",
            "video_avg_time_watched_actions",
        }
    return unfit


def _alternatives(picked: frozenset[str]) -> Told:
    larger = [names for names in PERMITTED if picked < names]
    if larger:
        nearest = min(larger, key=_by_size)
        return told("Add to it to make {said}.", said=_said(nearest))
    parts = sorted(
        (names for names in PERMITTED if names and names < picked),
        key=lambda names: (-len(names), sorted(names)),
    )
    return told(
        "Use one of these: {choices}.", choices="; ".join(_said(names) for names in parts[:6])
    )


def _by_size(names: frozenset[str]) -> tuple[int, list[str]]:
    return len(names), sorted(names)


def _said(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
