"""What follows an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from headrace.webhooks.retries import EXTENDED_PAUSES, Next, retry_after, step_after

NOW = datetime(2026, 5, 21, 10, tzinfo=UTC)


def _step(status: int | None, tries: int = 1, **more: object) -> object:
    given = {"extended": True, "retry_after_seconds": None} | more
    return step_after(status, tries, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("tries", [1, 4, 12])
def test_any_2xx_is_success(status: int, tries: int) -> None:
    assert _step(status, tries).next is Next.DELIVERED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "status", [None, 100, 301, 302, 303, 307, 308, 400, 401, 404, 500, 503, 599]
)
def test_first_attempts_come_at_0_2_5_and_10_seconds(status: int | None) -> None:  # F30
    at = 0.0
    moments = [at]
    for tries in (1, 2, 3):
        step = step_after(status, tries, extended=False, retry_after_seconds=None)
        assert step.next is Next.RETRY
        at += step.pause_seconds
        moments.append(at)
    assert moments == [0, 2, 5, 10]
    last = step_after(status, 4, extended=False, retry_after_seconds=None)
    assert last.next is Next.GIVE_UP


def test_the_extended_phase_begins_after_the_first() -> None:
    hours = []
    for tries in range(4, 12):
        step = step_after(500, tries, extended=True, retry_after_seconds=None)
        assert step.next is Next.RETRY
        wanted = EXTENDED_PAUSES[tries - 4]
        assert wanted * 0.9 <= step.pause_seconds <= wanted * 1.1
        hours.append(wanted / 3600)
    assert hours == [1 / 12, 1 / 2, 2, 5, 10, 14, 20, 24]
    assert step_after(500, 12, extended=True, retry_after_seconds=None).next is Next.GIVE_UP


def test_pauses_of_the_extended_phase_are_spread() -> None:
    pauses = {
        step_after(500, 5, extended=True, retry_after_seconds=None).pause_seconds for _ in range(20)
    }
    assert len(pauses) > 10


def test_gone_disables_at_once() -> None:  # F32
    assert step_after(410, 1, extended=True, retry_after_seconds=5).next is Next.DISABLE


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_say_when(status: int) -> None:  # F32
    step = step_after(status, 1, extended=True, retry_after_seconds=120)
    assert (step.next, step.pause_seconds, step.hold_seconds) == (Next.RETRY, 120, 120)
    sooner = step_after(status, 2, extended=True, retry_after_seconds=1)
    assert (sooner.pause_seconds, sooner.hold_seconds) == (3, 1)
    late = step_after(status, 1, extended=True, retry_after_seconds=10**9)
    assert late.pause_seconds == 86_400
    assert step_after(500, 1, extended=True, retry_after_seconds=120).hold_seconds == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 400, 86_400),
        ("Thu, 21 May 2026 10:02:00 GMT", 120),
        ("Thu, 21 May 2026 09:00:00 GMT", 0),
        ("Thu, 21 May 2026 10:02:00", None),
        ("Thu, 99 May 2026 10:02:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds
    assert retry_after(text, NOW + timedelta(0)) == seconds
