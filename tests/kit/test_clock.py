"""The clock that tests can move."""

from datetime import UTC, timedelta

from headrace.kit import clock


def test_shifts_nest_and_end() -> None:
    before = clock.now()
    with clock.shifted(timedelta(hours=1)):
        with clock.shifted(timedelta(days=1)):
            assert clock.now() - before >= timedelta(days=1, hours=1)
        assert clock.now() - before < timedelta(hours=2)
    assert clock.now() - before < timedelta(minutes=30)
    assert before.tzinfo is UTC


def test_today_depends_on_the_zone() -> None:
    # The two are 25 hours apart: never the same day.
    assert clock.today("Pacific/Kiritimati") > clock.today("Pacific/Niue")
