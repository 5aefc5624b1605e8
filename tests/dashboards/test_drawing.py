"""Drawing is bounded, reaches nothing, and goes on after a process of its own was ended."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from headrace.dashboards.charts import LIGHT, Bar, Pair, Point, Square, bars, grid, pairs, trend
from headrace.dashboards.drawing import Drawer, NotDrawn

DAY = date(2026, 11, 1)
NASTY = '</text><script>alert(1)</script>" onload="x'
LOCALE = {"locale": "de", "hatch": LIGHT.soft}


@pytest.fixture(scope="module")
def drawer() -> Iterator[Drawer]:
    """A drawer of the tests' own."""
    made = Drawer()
    yield made
    made.close()


def test_no_name_can_act_in_a_chart(drawer: Drawer) -> None:  # S53
    for spec in (
        trend([Point(DAY, Decimal(1), None, True, NASTY)], LIGHT),
        bars([Bar(NASTY, Decimal(1), NASTY)], LIGHT),
        pairs([Pair(DAY, 1, 2, NASTY)], LIGHT),
        grid([Square(NASTY, DAY, "failed")], LIGHT),
    ):
        svg = drawer.svg(spec, **LOCALE)
        assert "<script" not in svg
        assert 'onload="' not in svg
        assert "style=" not in svg
        assert "&lt;script&gt;" in svg


def test_days_without_figures_break_the_line_and_others_are_hatched(drawer: Drawer) -> None:
    values = [Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)]
    points = [
        Point(date(2026, 11, at), value, None, at == 5, "") for at, value in enumerate(values, 1)
    ]
    svg = drawer.svg(trend(points, LIGHT), **LOCALE)
    line = re.search(r'<path d="([^"]*)" stroke="[^"]*" stroke-width="2.5"', svg)
    assert line is not None
    assert line[1].count("M") == 2  # begun twice
    assert svg.count('fill="url(#hatch)"') == 1
    assert "Nov" in svg


def test_a_hatched_day_lies_around_its_point(drawer: Drawer) -> None:
    points = [Point(date(2026, 11, at), Decimal(at), None, at == 3, "") for at in range(1, 6)]
    svg = drawer.svg(trend(points, LIGHT), **LOCALE)
    line = re.search(r'<path d="M([^"]*)" stroke="[^"]*" stroke-width="2.5"', svg)
    hatched = re.search(r'<path d="M([\d.]+),[\d.]+h([\d.]+)[^"]*"[^>]*fill="url\(#hatch\)"', svg)
    assert line is not None
    assert hatched is not None
    third = float(line[1].split("L")[2].split(",")[0])
    first, width = float(hatched[1]), float(hatched[2])
    assert first + width / 2 == pytest.approx(third, abs=1)


def test_no_address_is_asked_and_no_file_read(drawer: Drawer, tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text('[{"name": "kept from charts", "value": 1}]')
    for url in ("http://127.0.0.1:9/rows.json", file.as_uri(), str(file)):
        spec = bars([], LIGHT) | {"data": {"url": url, "format": {"type": "json"}}}
        try:
            drawn = drawer.svg(spec, **LOCALE)
        except NotDrawn:
            continue
        assert "kept from charts" not in drawn, url
    assert drawer.svg(bars([Bar("a", Decimal(1), "a")], LIGHT), **LOCALE)


def test_what_takes_too_long_is_ended_and_the_next_is_drawn(drawer: Drawer) -> None:
    slow = Drawer(seconds=0.0)
    with pytest.raises(NotDrawn):
        slow.svg(bars([Bar("a", Decimal(1), "a")], LIGHT), **LOCALE)
    assert slow.process_id is None
    first = drawer.process_id
    drawer.close()
    assert drawer.svg(bars([Bar("a", Decimal(1), "a")], LIGHT), **LOCALE)
    assert drawer.process_id not in (None, first)


def test_too_large_a_chart_is_refused(drawer: Drawer) -> None:
    with pytest.raises(NotDrawn):
        drawer.svg(bars([Bar("a" * 3_000_000, Decimal(1), "a")], LIGHT), **LOCALE)
