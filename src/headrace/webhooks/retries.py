"""What follows an attempt: success, another attempt after a while, or none. Pure."""

import random
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

# A receiver that fails at once is tried at 0, 2, 5 and 10 seconds (contract 6.4).
FIRST_PAUSES = (2.0, 3.0, 5.0)
FIRST_TRIES = len(FIRST_PAUSES) + 1
_HOUR = 3600.0
EXTENDED_PAUSES = tuple(
    seconds * 1.0
    for seconds in (
        300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
    )
)  # fmt: skip
"""Pauses after the first phase: five minutes to a day, four days in all."""

_JITTER = 0.1
_LONGEST_WAIT_SECONDS = 24 * _HOUR
_GONE = 410
_ASKS_TO_WAIT = {429, 503}
_MAX_DIGITS = 9


class Next(StrEnum):
    """What follows an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    GIVE_UP = "give_up"
    DISABLE = "disable"


@dataclass(frozen=True)
class Step:
    """What follows. pause_seconds: until the next attempt.

    hold_seconds: until the endpoint may get anything at all; 0 if it did not ask for that.
    """

    next: Next
    pause_seconds: float = 0.0
    hold_seconds: float = 0.0


_DELIVERED = Step(Next.DELIVERED)


def step_after(
    status: int | None, tries: int, *, extended: bool, retry_after_seconds: float | None
) -> Step:
    """Decide by an answer's status (None: no answer) and how many tries there were, this included.

    Any 2xx is success; 410 means that nobody listens there any more; redirects are failures. A
    receiver that says when to come again is not tried before, nor kept waiting for over a day.
    """
    if status is not None and 200 <= status < 300:
        return _DELIVERED
    if status == _GONE:
        return Step(Next.DISABLE)
    asked = 0.0
    if status in _ASKS_TO_WAIT and retry_after_seconds is not None:
        asked = min(_LONGEST_WAIT_SECONDS, max(0.0, retry_after_seconds))
    pauses = FIRST_PAUSES + EXTENDED_PAUSES if extended else FIRST_PAUSES
    if tries > len(pauses):
        return Step(Next.GIVE_UP, hold_seconds=asked)
    pause = pauses[tries - 1]
    if tries > len(FIRST_PAUSES):  # many that failed together must not come back together
        pause *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
    return Step(Next.RETRY, max(pause, asked), asked)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3); None if it is neither."""
    if text is None:
        return None
    digits = text.strip()
    if digits.isascii() and digits.isdigit():
        return float(digits) if len(digits) <= _MAX_DIGITS else _LONGEST_WAIT_SECONDS
    try:
        moment = parsedate_to_datetime(digits)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())
