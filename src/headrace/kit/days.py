"""Calendar-day intervals, both ends included, and the arithmetic windows and segments need."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DayRange:
    """The days from `first` to `last`, both included; never empty.

    Raises:
        ValueError: if `last` is before `first`.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(
                f"a day range must not end ({self.last}) before it begins ({self.first})"
            )

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def day_count(self) -> int:
        """How many days the range holds."""
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        """Yield every day, oldest first."""
        for offset in range(self.day_count):
            yield self.first + offset * _DAY

    def overlaps(self, other: "DayRange") -> bool:
        """Whether the two ranges share a day."""
        return self.first <= other.last and other.first <= self.last

    def intersection(self, other: "DayRange") -> "DayRange | None":
        """The shared days, or None."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return DayRange(first, last) if first <= last else None

    def minus(self, other: "DayRange") -> list["DayRange"]:
        """The days of this range that are not in `other`: zero, one or two ranges, oldest first."""
        if not self.overlaps(other):
            return [self]
        left = [DayRange(self.first, other.first - _DAY)] if self.first < other.first else []
        right = [DayRange(other.last + _DAY, self.last)] if other.last < self.last else []
        return left + right

    def chunks_newest_first(self, chunk_days: int) -> list["DayRange"]:
        """Cut into ranges of at most `chunk_days` days, newest first."""
        chunks = []
        last = self.last
        while last >= self.first:
            first = max(self.first, last - (chunk_days - 1) * _DAY)
            chunks.append(DayRange(first, last))
            last = first - _DAY
        return chunks


def merged(ranges: Iterable[DayRange]) -> list[DayRange]:
    """Join overlapping and touching ranges; the result is sorted and disjoint."""
    result: list[DayRange] = []
    for item in sorted(ranges):
        if result and item.first <= result[-1].last + _DAY:
            result[-1] = DayRange(result[-1].first, max(result[-1].last, item.last))
        else:
            result.append(item)
    return result
