"""Which days a run reads: by cases, and by properties over everything that can be planned."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.connectors.contract import DataClass, Report
from headrace.extracts.windows import (
    EARLIEST_DAY,
    Horizon,
    default_history,
    horizon,
    plan_windows,
)
from headrace.kit.days import DayRange
from headrace.runs.schemas import LookbackWindow

TODAY = date(2026, 3, 31)
REPORT = Report(
    name="r",
    title="R",
    data_class=DataClass.DAILY,
    fields=(),
    date_field="date",
    lookback_days=7,
    history_days=90,
    chunk_days=10,
)
DEFAULT = LookbackWindow()


def ago(days: int) -> date:
    """A day so many days before today."""
    return TODAY - timedelta(days)


def back(first: int, last: int) -> DayRange:
    """The days from so many to so many days ago."""
    return DayRange(ago(first), ago(last))


def plan(
    report: Report = REPORT,
    *,
    wanted_from: date = date(2026, 3, 1),
    final: list[DayRange] | None = None,
    lookback: LookbackWindow = DEFAULT,
    asked: DayRange | None = None,
) -> list[DayRange]:
    """Plan from today."""
    return plan_windows(
        report,
        horizon(report, TODAY),
        wanted_from=wanted_from,
        final=final or [],
        lookback=lookback,
        asked=asked,
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, Horizon(ago(90), ago(1), back(7, 1)), id="up to yesterday"),
        pytest.param(
            {"includes_today": True}, Horizon(ago(90), TODAY, back(6, 0)), id="with today"
        ),
        pytest.param({"lookback_days": 0}, Horizon(ago(90), ago(1), None), id="never restated"),
        pytest.param(
            {"lookback_days": 0, "includes_today": True},
            Horizon(ago(90), TODAY, back(0, 0)),
            id="only the unfinished day changes",
        ),
        pytest.param(
            {"history_days": None},
            Horizon(EARLIEST_DAY, ago(1), back(7, 1)),
            id="no limit of history",
        ),
        pytest.param(
            {"lookback_days": 200}, Horizon(ago(90), ago(1), back(90, 1)), id="all may change"
        ),
    ],
)
def test_horizon(changed: dict[str, object], expected: Horizon) -> None:
    assert horizon(replace(REPORT, **changed), TODAY) == expected  # type: ignore[arg-type]


def test_default_history_is_a_year_or_what_there_is() -> None:
    assert default_history(REPORT, TODAY) == ago(90)
    assert default_history(replace(REPORT, history_days=1000), TODAY) == ago(365)
    assert default_history(replace(REPORT, history_days=None), TODAY) == EARLIEST_DAY


@pytest.mark.parametrize(
    ("given_plan", "expected"),
    [
        pytest.param(
            plan(),
            [back(7, 1), back(17, 8), back(27, 18), back(30, 28)],
            id="first run: all, cut where days become final",
        ),
        pytest.param(plan(final=[back(30, 8)]), [back(7, 1)], id="later: what may still change"),
        pytest.param(
            plan(final=[back(30, 10)]),
            [back(7, 1), back(9, 8)],
            id="after an outage: the gap, too",
        ),
        pytest.param(
            plan(final=[back(25, 20), back(15, 8)]),
            [back(7, 1), back(19, 16), back(30, 26)],
            id="every hole",
        ),
        pytest.param(
            plan(wanted_from=ago(500), final=[back(80, 8)]),
            [back(7, 1), back(90, 81)],
            id="history goes no deeper than the source",
        ),
        pytest.param(
            plan(wanted_from=ago(3)), [back(3, 1)], id="nothing before the wanted history"
        ),
        pytest.param(plan(wanted_from=TODAY), [], id="nothing wanted yet"),
        pytest.param(
            plan(lookback=LookbackWindow(name="live")), [back(2, 1)], id="live: the last two"
        ),
        pytest.param(
            plan(final=[back(30, 1)], lookback=LookbackWindow(name="custom", days=3)),
            [back(3, 1)],
            id="custom",
        ),
        pytest.param(
            plan(final=[back(30, 1)], lookback=LookbackWindow(name="max")),
            [back(7, 1), back(17, 8), back(27, 18), back(30, 28)],
            id="max: all of the wanted history again",
        ),
        pytest.param(
            plan(asked=back(20, 19), final=[back(30, 1)]), [back(20, 19)], id="asked: only those"
        ),
        pytest.param(
            plan(asked=back(9, 5)), [back(7, 5), back(9, 8)], id="asked: cut where final begins"
        ),
        pytest.param(
            plan(asked=DayRange(ago(2), date(2030, 1, 1))), [back(2, 1)], id="asked: no future"
        ),
        pytest.param(plan(asked=back(400, 300)), [], id="asked: nothing the source has"),
        pytest.param(
            plan(wanted_from=ago(60), asked=back(88, 80)),
            [back(88, 80)],
            id="asked: before the wanted history",
        ),
    ],
)
def test_plan(given_plan: list[DayRange], expected: list[DayRange]) -> None:
    assert given_plan == expected


ranges = st.tuples(st.integers(-5, 130), st.integers(0, 60)).map(
    lambda item: back(item[0] + item[1], item[0])
)
reports = st.builds(
    lambda lookback, history, chunk, with_today: replace(
        REPORT,
        lookback_days=lookback,
        history_days=history,
        chunk_days=chunk,
        includes_today=with_today,
    ),
    st.integers(0, 40),
    st.integers(1, 120),
    st.integers(1, 40),
    st.booleans(),
)
lookbacks = st.one_of(
    st.sampled_from([LookbackWindow(name=name) for name in ("default", "live", "max")]),
    st.integers(1, 100).map(lambda days: LookbackWindow(name="custom", days=days)),
)


def _days(windows: list[DayRange]) -> list[date]:
    return [day for window in windows for day in window.days()]


@given(reports, st.integers(-2, 150), st.lists(ranges, max_size=4), lookbacks)
def test_a_plan_covers_what_it_must_once_newest_first(
    report: Report, wanted_ago: int, final: list[DayRange], lookback: LookbackWindow
) -> None:
    seen = horizon(report, TODAY)
    windows = plan(report, wanted_from=ago(wanted_ago), final=final, lookback=lookback)
    assert windows == sorted(windows, reverse=True)
    assert all(window.day_count <= report.chunk_days for window in windows)
    covered = _days(windows)
    assert len(covered) == len(set(covered))

    reachable = {
        ago(n) for n in range(-5, 200) if max(seen.first, ago(wanted_ago)) <= ago(n) <= seen.last
    }
    refreshed = {
        "default": {day for day in reachable if seen.changing and day >= seen.changing.first},
        "live": {day for day in reachable if day >= seen.last - timedelta(1)},
        "max": reachable,
        "custom": {day for day in reachable if day > seen.last - timedelta(lookback.days or 0)},
    }[lookback.name]
    missing = set() if lookback.name == "live" else reachable - set(_days(final))
    assert set(covered) == missing | refreshed
    # A window is either final or may still change: never both, since it is stored as one of them.
    for window in windows:
        if seen.changing is not None and window.first < seen.changing.first:
            assert window.last < seen.changing.first


@given(reports, ranges, st.lists(ranges, max_size=3))
def test_days_asked_for_are_the_only_ones(  # F28
    report: Report, asked: DayRange, final: list[DayRange]
) -> None:
    seen = horizon(report, TODAY)
    windows = plan(report, final=final, asked=asked)
    assert sorted(_days(windows)) == [day for day in asked.days() if seen.first <= day <= seen.last]
    assert all(window.day_count <= report.chunk_days for window in windows)


@given(reports, st.integers(1, 60), st.integers(1, 20))
def test_runs_after_any_outage_leave_no_day_unread(  # F11, F45
    report: Report, first_ago: int, silent_days: int
) -> None:
    """What a run reads and the source will not change is final; a later run fills the rest."""
    before = TODAY - timedelta(silent_days)
    seen = horizon(report, before)
    read = plan_windows(
        report, seen, wanted_from=ago(first_ago + silent_days), final=[], lookback=DEFAULT,
        asked=None,
    )  # fmt: skip
    final = [window for window in read if not seen.is_changing(window)]
    later = plan(report, wanted_from=ago(first_ago + silent_days), final=final)
    now = horizon(report, TODAY)
    wanted = {
        day
        for day in (ago(n) for n in range(200))
        if max(now.first, ago(first_ago + silent_days)) <= day <= now.last
    }
    assert wanted <= set(_days(final)) | set(_days(later))
