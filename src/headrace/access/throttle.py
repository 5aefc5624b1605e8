"""How often somebody may guess a password: a moving window over failures, by account and address.

The `limits` library keeps a key in memory for good once it was used; names that a guesser makes up
would fill it. Here what is past the window is dropped.
"""

from collections import deque
from datetime import datetime, timedelta

from headrace.kit import clock

MOST_FAILURES = 10
"""In a window, of one account and from one address (contract 1.5)."""
WINDOW = timedelta(minutes=1)
_SWEEP_AT = 1_000


class Failures:
    """Counts failures by key; for one thread, the event loop's."""

    def __init__(self, most: int = MOST_FAILURES, window: timedelta = WINDOW) -> None:
        self._most = most
        self._window = window
        self._moments: dict[str, deque[datetime]] = {}
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        return len(self._moments)

    def note(self, *keys: str) -> None:
        """Note one failure of several keys."""
        now = clock.now()
        if len(self._moments) >= self._sweep_at:
            self._sweep(now)
        for key in keys:
            self._moments.setdefault(key, deque(maxlen=self._most)).append(now)

    def wait_seconds(self, *keys: str) -> float:
        """How long until all the keys may fail once more; 0 if they may now."""
        now = clock.now()
        return max(self._wait(key, now) for key in keys)

    def _wait(self, key: str, now: datetime) -> float:
        moments = self._moments.get(key)
        if moments is None or len(moments) < self._most:
            return 0.0
        return max(0.0, (moments[0] + self._window - now).total_seconds())

    def _sweep(self, now: datetime) -> None:
        since = now - self._window
        self._moments = {key: seen for key, seen in self._moments.items() if seen[-1] > since}
        # Only ever half of the work is sweeping, however many keys there really are.
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._moments))
