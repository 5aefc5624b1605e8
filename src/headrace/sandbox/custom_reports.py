"""Rows of a custom report: an account's figures of a day, grouped by the dimensions asked for."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from headrace.sandbox.fields import (
    AD_FIELDS,
    BREAKDOWN_FIELDS,
    CAMPAIGN_FIELDS,
    METRIC_FIELDS,
    ad_values,
    campaign_values,
    members,
    metric_values,
)
from headrace.sandbox.figures import Figures, figures_of_ads
from headrace.sandbox.network import NetworkAccount

_PARTS = {
    "device": (("mobile", 60), ("desktop", 30), ("tablet", 10)),
    "country": (("AT", 50), ("DE", 30), ("CH", 20)),
}
"""Each breakdown with its parts and their shares in percent; the last gets what rounding leaves."""

MOST_PARTS = max(map(len, _PARTS.values()))
Values = dict[str, object]


@lru_cache(maxsize=64)
def custom_rows(
    account: NetworkAccount, day: date, as_of: date, percent: int, fields: tuple[str, ...]
) -> tuple[str, ...]:
    """Return a day's rows as JSON objects: one for each combination of dimensions with figures.

    percent: how many of the conversions count.
    """
    wanted = [name for name in fields if name in METRIC_FIELDS]
    grouped: dict[tuple[object, ...], tuple[Values, Figures]] = {}
    for values, figures in _figures(account, day, as_of, percent, fields):
        key = tuple(values.values())
        found = grouped.get(key)
        grouped[key] = (values, figures if found is None else found[1].plus(figures))
    dated: Values = {"date": day.isoformat()} if "date" in fields else {}
    rows = []
    for values, figures in grouped.values():
        for part, share in _parts(figures, fields):
            if share.impressions:
                shown = dated | values | part
                written = (members(shown, shown.keys()), members(metric_values(share), wanted))
                rows.append("{" + ",".join(filter(None, written)) + "}")
    return tuple(rows)


def _figures(
    account: NetworkAccount, day: date, as_of: date, percent: int, fields: tuple[str, ...]
) -> Iterator[tuple[Values, Figures]]:
    """Yield figures in steps no finer than the dimensions need: huge accounts have many ads."""
    of_campaign = [name for name in fields if name in CAMPAIGN_FIELDS]
    of_ad = [name for name in fields if name in AD_FIELDS]
    if of_ad:
        step = 1
    elif of_campaign:
        step = account.ads_per_campaign
    else:
        step = account.ads
    for first in range(0, account.ads, step):
        figures = figures_of_ads(account, day, first, step, as_of, percent)
        if figures.rows:
            values: Values = {}
            if of_campaign:
                campaign = campaign_values(account, first // account.ads_per_campaign)
                values |= {name: campaign[name] for name in of_campaign}
            if of_ad:
                ad = ad_values(account, first)
                values |= {name: ad[name] for name in of_ad}
            yield values, figures


def _parts(figures: Figures, fields: tuple[str, ...]) -> Iterator[tuple[Values, Figures]]:
    breakdown = next((name for name in BREAKDOWN_FIELDS if name in fields), None)
    if breakdown is None:
        yield {}, figures
        return
    rest = figures
    *parts, (last, _) = _PARTS[breakdown]
    for name, percent in parts:
        share = figures.share(percent)
        rest = rest.minus(share)
        yield {breakdown: name}, share
    yield {breakdown: last}, rest
