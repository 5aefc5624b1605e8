"""Charts as Vega-Lite specifications: plain values made from figures; nothing here draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
HATCH = "url(#hatch)"
"""The fill of what is provisional; `drawing` puts the pattern of that name into every picture."""
_DAY = {"timeUnit": "utcyearmonthdate", "type": "temporal", "title": None}
_WIDTH = 720
_HEIGHT = 240
_MOST_BARS = 20
_POINTS_UP_TO = 45


@dataclass(frozen=True)
class Palette:
    """The colours of a chart. In pages they are the page's own, so that a chart follows its theme.

    Series are told apart by dashes and fills as well, for not everybody sees their colours.
    """

    ink: str
    soft: str
    line: str
    accent: str
    second: str
    ground: str | None


OF_PAGE = Palette("var(--ink)", "var(--soft)", "var(--line)", "var(--accent)", "var(--busy)", None)
LIGHT = Palette("#16212b", "#51606d", "#d9e0e5", "#0b6e69", "#1f5fae", "#ffffff")
DARK = Palette("#e6edf3", "#9aa7b4", "#2b3440", "#2fb5ab", "#7db4f5", "#161b22")


@dataclass(frozen=True)
class Point:
    """A day of a line. label: what the day says in words.

    before: the figure of the day it is compared with.
    """

    day: date
    value: Decimal | None
    before: Decimal | None
    is_provisional: bool
    label: str


@dataclass(frozen=True)
class Bar:
    """A bar, by the name of what it stands for. label: what it says in words."""

    name: str
    value: Decimal | None
    label: str


@dataclass(frozen=True)
class Pair:
    """Two figures of a day beside each other. label: what the day says in words."""

    day: date
    first: int
    second: int
    label: str


def trend(points: Sequence[Point], palette: Palette, number_format: str = "~s") -> dict[str, Any]:
    """A line by day, a dashed one for what it is compared with, hatched days that may still change.

    number_format: of the axis, as d3-format takes it.
    """
    values = [
        {
            "day": one.day.isoformat(),
            "value": _number(one.value),
            "before": _number(one.before),
            "provisional": one.is_provisional,
            "label": one.label,
        }
        for one in points
    ]
    x = {"field": "day", **_DAY, "bandPosition": 0.5, "axis": _day_axis(len(points))}
    y = {"type": "quantitative", "title": None, "axis": {"format": number_format, "tickCount": 5}}
    line = {
        "type": "line",
        "aria": False,
        "strokeJoin": "round",
        "invalid": "break-paths-show-domains",
    }
    dots = {"point": {"filled": True, "fill": palette.accent, "size": 28}}
    layers: list[dict[str, Any]] = [
        _whole_days({"type": "rect", "fill": HATCH, "aria": False})
        | {"transform": [{"filter": "datum.provisional"}]},
        {
            "mark": line | {"stroke": palette.soft, "strokeWidth": 1.5, "strokeDash": [5, 4]},
            "encoding": {"y": {"field": "before", **y}},
        },
        {
            "mark": line
            | {"stroke": palette.accent, "strokeWidth": 2.5}
            | (dots if len(points) <= _POINTS_UP_TO else {}),
            "encoding": {"y": {"field": "value", **y}},
        },
        _labels(),
    ]
    if all(one.before is None for one in points):
        del layers[1]
    return _chart(palette, values) | {"encoding": {"x": x}, "layer": layers}


def bars(items: Sequence[Bar], palette: Palette, number_format: str = "~s") -> dict[str, Any]:
    """Bars side by side, in the order given; at most twenty of them."""
    values = [
        {"name": one.name, "value": _number(one.value), "label": one.label}
        for one in items[:_MOST_BARS]
    ]
    return _chart(palette, values) | {
        "height": {"step": 34},
        "mark": {"type": "bar", "fill": palette.accent, "cornerRadiusEnd": 3, "height": 20},
        "encoding": {
            "y": {
                "field": "name",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 180, "ticks": False, "domain": False},
            },
            "x": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "axis": {"format": number_format, "tickCount": 5},
            },
            "description": {"field": "label"},
        },
    }


def pairs(items: Sequence[Pair], palette: Palette) -> dict[str, Any]:
    """Two bars a day: the first one filled, the second one an outline."""
    values = [
        {"day": one.day.isoformat(), "series": series, "value": value, "label": one.label}
        for one in items
        for series, value in (("first", one.first), ("second", one.second))
    ]
    is_first = "datum.series === 'first'"
    return _chart(palette, values) | {
        "mark": {"type": "bar", "strokeWidth": 1.5},
        "encoding": {
            "x": {"field": "day", **_DAY, "type": "ordinal", "axis": _day_axis(len(items))},
            "xOffset": {"field": "series"},
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "axis": {"format": "~s", "tickCount": 5},
            },
            "fill": {"condition": {"test": is_first, "value": palette.accent}, "value": HATCH},
            "stroke": {"condition": {"test": is_first, "value": None}, "value": palette.second},
            "description": {"field": "label"},
        },
    }


@dataclass(frozen=True)
class Square:
    """A data table's day in the grid."""

    name: str
    day: date
    state: str


_SHAPES = {
    "final": "\N{CHECK MARK}",
    "provisional": "~",
    "missing": "?",
    "failed": "\N{MULTIPLICATION SIGN}",
    "none": "",
}


def grid(items: Sequence[Square], palette: Palette) -> dict[str, Any]:
    """A square for each data table and day, with a shape in it for what is known of the day."""
    values = [
        {"name": one.name, "day": one.day.isoformat(), "shape": _SHAPES[one.state]}
        for one in items
        if one.state != "none"
    ]
    is_provisional = f"datum.shape === '{_SHAPES['provisional']}'"
    axis = {"labelLimit": 180, "ticks": False, "domain": False}
    return _chart(palette, values) | {
        "height": {"step": 26},
        "encoding": {
            "x": {"field": "day", **_DAY, "type": "ordinal", "axis": _day_axis(len(values))},
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis},
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": palette.line, "cornerRadius": 3, "aria": False},
                "encoding": {
                    "fill": {
                        "condition": {"test": is_provisional, "value": HATCH},
                        "value": palette.line,
                    }
                },
            },
            {
                "mark": {"type": "text", "fill": palette.ink, "fontWeight": "bold"},
                "encoding": {"text": {"field": "shape"}},
            },
        ],
    }


def _chart(palette: Palette, values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "background": palette.ground,
        "width": _WIDTH,
        "height": _HEIGHT,
        "autosize": {"type": "pad"},
        "padding": 8,
        "data": {"values": list(values), "format": {"parse": {"day": "utc:'%Y-%m-%d'"}}},
        "config": {
            "font": "system-ui, 'Liberation Sans', sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": palette.soft,
                "labelFontSize": 12,
                "gridColor": palette.line,
                "domainColor": palette.line,
                "tickColor": palette.line,
            },
        },
    }


def _day_axis(count: int) -> dict[str, Any]:
    return {
        "format": "%-d %b",
        "grid": False,
        "tickCount": min(count, 8),
        "labelOverlap": True,
        "labelAngle": 0,
    }


def _whole_days(mark: dict[str, Any]) -> dict[str, Any]:
    """A layer that fills the whole height of each day, from its beginning to its end."""
    return {"mark": mark, "encoding": {"x": {"field": "day", **_DAY, "bandPosition": 0.5}}}


def _labels() -> dict[str, Any]:
    """A layer that shows nothing, and says of each day what it holds to whoever points at it."""
    layer = _whole_days({"type": "rect", "fill": "transparent"})
    layer["encoding"]["description"] = {"field": "label"}
    return layer


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
