"""The fields of the network's reports and how each is written: numbers as text, as vendors do."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal

import msgspec

from headrace.sandbox.figures import Figures, mixed
from headrace.sandbox.network import FIRST_DAY, NetworkAccount

_FIRST_CAMPAIGN_ID = 23_840_000_000_000_000
_FIRST_AD_ID = 120_200_000_000_000_000
_OBJECTIVES = ("AWARENESS", "TRAFFIC", "LEADS", "SALES", "APP_INSTALLS")
_SEASONS = ("Spring", "Été", "Herbst", "Zima", "夏祭り", "Evergreen")
_FORMATS = ("image", "video", "carousel", "story")
_STATUSES = ("ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "ARCHIVED")
_MICRO = Decimal("0.000001")

CAMPAIGN_FIELDS = ("campaign_id", "campaign_name", "campaign_status", "objective")
AD_FIELDS = (
    "ad_group_id", "ad_group_name", "ad_id", "ad_name", "ad_status", "ad_format",
    "landing_page_url", "is_video", "created_at",
)  # fmt: skip
METRIC_FIELDS = (
    "impressions", "reach", "clicks", "link_clicks", "spend", "conversions", "revenue",
    "video_views", "video_completions", "likes", "comments", "shares", "ctr", "cpc", "cpm",
    "frequency",
)  # fmt: skip
BREAKDOWN_FIELDS = ("device", "country")
FIELDS = {
    "campaign": ("date", *CAMPAIGN_FIELDS, *METRIC_FIELDS),
    "ad": ("date", *CAMPAIGN_FIELDS, *AD_FIELDS, *METRIC_FIELDS),
    "custom": ("date", *CAMPAIGN_FIELDS, *AD_FIELDS, *BREAKDOWN_FIELDS, *METRIC_FIELDS),
}
"""The fields of each level, in the network's own order."""


def members(values: Mapping[str, object], wanted: Collection[str]) -> str:
    """Write the wanted members of a JSON object, without its braces."""
    kept = {name: value for name, value in values.items() if name in wanted}
    return msgspec.json.encode(kept).decode()[1:-1]


def campaign_values(account: NetworkAccount, campaign: int) -> dict[str, object]:
    """Describe a campaign; its id is text."""
    bits = mixed(account.seed, campaign, 2)
    season = _SEASONS[bits % len(_SEASONS)]
    return {
        "campaign_id": str(_FIRST_CAMPAIGN_ID + bits % 10**12 * 1000 + campaign % 1000),
        "campaign_name": f"{season} {campaign + 1}",
        "campaign_status": _STATUSES[(bits >> 24) % len(_STATUSES)],
        "objective": _OBJECTIVES[(bits >> 16) % len(_OBJECTIVES)],
    }


def ad_values(account: NetworkAccount, ad: int) -> dict[str, object]:
    """Describe an ad; its id is a JSON number that no double can hold."""
    bits = mixed(account.seed, ad, 3)
    group = ad // 5
    kind = _FORMATS[bits % len(_FORMATS)]
    opened = FIRST_DAY + timedelta(days=(bits >> 8) % 1000)
    seconds = (bits >> 20) % 86_400
    clock_time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return {
        "ad_group_id": str(_FIRST_AD_ID + account.seed % 10**6 * 10**8 + group),
        "ad_group_name": f"Audience {group + 1}",
        "ad_id": _FIRST_AD_ID + account.seed % 10**6 * 10**8 + 50_000_000 + ad,
        "ad_name": f"{kind.title()} {ad + 1}",
        "ad_status": _STATUSES[(bits >> 16) % len(_STATUSES)],
        "ad_format": kind,
        "landing_page_url": f"https://shop.example/{kind}/{ad + 1}?utm_source=demo_ads",
        "is_video": kind == "video",
        "created_at": f"{opened}T{clock_time}+0000",
    }


def metric_values(figures: Figures) -> dict[str, str]:
    """Write measures as text; a ratio without a denominator is an empty text."""
    spend = Decimal(figures.spend_cents) / 100
    return {
        **{name: str(getattr(figures, name)) for name in _WHOLE},
        "spend": f"{spend:.2f}",
        "revenue": f"{Decimal(figures.revenue_cents) / 100:.2f}",
        "ctr": _ratio(Decimal(100 * figures.clicks), figures.impressions),
        "cpc": _ratio(spend, figures.clicks),
        "cpm": _ratio(1000 * spend, figures.impressions),
        "frequency": _long_ratio(figures.impressions, figures.reach),
    }


_WHOLE = (
    "impressions", "reach", "clicks", "link_clicks", "conversions", "video_views",
    "video_completions", "likes", "comments", "shares",
)  # fmt: skip


def _ratio(part: Decimal, whole: int) -> str:
    return str((part / whole).quantize(_MICRO)) if whole else ""


def _long_ratio(part: int, whole: int) -> str:
    return f"{Decimal(part) / whole:.15f}" if whole else ""


def drifted(values: dict[str, str]) -> dict[str, str]:
    """Change a row as a vendor's silent release does: one field more, one less, one type else."""
    changed = {name: text for name, text in values.items() if name != "shares"}
    changed["link_clicks"] += ".5"
    changed["quality_score"] = "7"
    return changed


def spoiled(values: dict[str, str]) -> dict[str, str]:
    """Put a spend into a row that is no number."""
    return {**values, "spend": "12,3x"}
