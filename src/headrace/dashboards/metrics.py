"""The figures of advertising: sums that platforms report, and the ratios between them; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Context, Decimal
from enum import StrEnum

_NONE = Decimal(0)
_DIGITS = Decimal("1.000000000")
# Sums have up to 38 digits; what Python takes by itself would round them at 28.
_EXACT = Context(prec=90)


class Metric(StrEnum):
    """What a dashboard shows of advertising, in the order in which it is shown."""

    SPEND = "spend"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CTR = "ctr"
    CPC = "cpc"
    CONVERSIONS = "conversions"
    CPA = "cpa"
    REVENUE = "revenue"
    ROAS = "roas"


RATIOS: Mapping[Metric, tuple[str, str]] = {
    Metric.CTR: ("clicks", "impressions"),
    Metric.CPC: ("spend", "clicks"),
    Metric.CPA: ("spend", "conversions"),
    Metric.ROAS: ("revenue", "spend"),
}
"""What each ratio divides by what. Ratios are made of sums; an average of ratios is none."""

MONEY = frozenset({Metric.SPEND, Metric.CPC, Metric.CPA, Metric.REVENUE})
"""Metrics that are amounts of a currency."""


@dataclass(frozen=True)
class Sums:
    """Sums of what platforms report, of one currency."""

    spend: Decimal = _NONE
    impressions: Decimal = _NONE
    clicks: Decimal = _NONE
    conversions: Decimal = _NONE
    revenue: Decimal = _NONE

    def __add__(self, other: "Sums") -> "Sums":
        pairs = ((getattr(self, name), getattr(other, name)) for name in SUMS)
        return Sums(*(_EXACT.add(one, another) for one, another in pairs))

    def value(self, metric: Metric) -> Decimal | None:
        """Return a metric, with at most nine digits after the point; None where it would divide by 0."""
        if metric not in RATIOS:
            found: Decimal = getattr(self, metric.value)
            return found
        above, below = (getattr(self, name) for name in RATIOS[metric])
        return _EXACT.quantize(_EXACT.divide(above, below), _DIGITS) if below else None

    def values(self) -> dict[str, Decimal | None]:
        """Return every metric by name."""
        return {metric.value: self.value(metric) for metric in Metric}


SUMS = tuple(field.name for field in fields(Sums))
"""The names of the sums."""


def total(parts: Iterable[Sums]) -> Sums:
    """Add up sums of one currency."""
    result = Sums()
    for part in parts:
        result += part
    return result


def plain(value: Decimal | None) -> str | None:
    """Write a figure without zeros at its end or an exponent, so that no digit is lost or made up."""
    if value is None:
        return None
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
