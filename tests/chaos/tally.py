"""What happened, counted: faults by kind, calls by outcome, runs by end."""

import threading
from collections import Counter, defaultdict


class Tally:
    """Counts by group and name; several threads may count."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lock = threading.Lock()

    def count(self, group: str, name: str, number: int = 1) -> None:
        """Add to a count."""
        with self._lock:
            self._counts[group][name] += number

    def total(self, group: str) -> int:
        """The sum of a group."""
        with self._lock:
            return self._counts[group].total()

    def lines(self) -> list[str]:
        """One line for each group, the most frequent first."""
        with self._lock:
            return [
                f"{group:<9}{counts.total():>7}  "
                + ", ".join(f"{name} {number}" for name, number in counts.most_common())
                for group, counts in self._counts.items()
            ]
