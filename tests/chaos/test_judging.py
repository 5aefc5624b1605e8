"""The judge of `make chaos` sees what it is there for: rows lost, doubled, changed, appended twice."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chaos.judging import _differences, _doubled
from chaos.reading import comparable, newest

FIELDS = ["date", "ad_id", "spend"]


def _row(day: int, ad: str, spend: Any, at: int = 1) -> dict[str, Any]:
    stamp = datetime(2026, 1, at, tzinfo=UTC)
    return {"account_id": "a", "date": f"2026-01-{day:02}", "ad_id": ad, "spend": spend,
            "__insert_date": stamp}  # fmt: skip


TABLE = [_row(1, "x", "1.50"), _row(1, "y", "2"), _row(2, "x", None)]


@pytest.mark.parametrize(
    ("changed", "findings"),
    [
        (TABLE, 0),
        ([_row(1, "x", 1.5), _row(1, "y", 2.0), _row(2, "x", None)], 0),  # as another store has it
        (TABLE[1:], 1),
        ([*TABLE, _row(3, "x", 1)], 1),
        ([*TABLE, TABLE[0]], 1),
        ([_row(1, "x", "1.51"), *TABLE[1:]], 2),
        ([*TABLE[:2], _row(2, "x", 0)], 2),
    ],
    ids=["equal", "other types", "lost", "too many", "doubled", "changed", "null is not 0"],
)
def test_what_differs_is_found(changed: list[dict[str, Any]], findings: int) -> None:  # F49
    found = _differences("here", comparable(changed, FIELDS), "there", comparable(TABLE, FIELDS))
    assert len(list(found)) == findings


def test_a_key_twice_is_found() -> None:  # F49
    assert list(_doubled("table", TABLE)) == []
    (told,) = _doubled("table", [*TABLE, _row(1, "x", "9")])
    assert "1 keys twice" in told


def test_of_appended_rows_the_last_time_of_each_day_counts() -> None:
    again = _row(1, "x", "7", at=2)
    assert newest([*TABLE, again]) == [TABLE[2], again]
