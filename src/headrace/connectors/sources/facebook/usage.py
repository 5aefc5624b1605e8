"""What the usage headers say: how much of a limit is used, and when a blocked caller may return.

Facts: Meta's rate-limit pages. `x-business-use-case-usage` holds lists by business object with
percentages and `estimated_time_to_regain_access` in minutes; `x-app-usage` percentages;
`x-ad-account-usage` and `x-fb-ads-insights-throttle` keys ending in `_util_pct`, the former with
`reset_time_duration` in seconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from headrace.kit.outcomes import Pauses

USAGE_HEADERS = (
    "x-business-use-case-usage",
    "x-app-usage",
    "x-ad-account-usage",
    "x-fb-ads-insights-throttle",
    "x-fb-ads-insights-reach-throttle",
)
_OF_APP = "x-app-usage"
SLOW_ABOVE_PERCENT = 75.0
LONGEST_PAUSE_SECONDS = 30.0
_PERCENTAGES = {"call_count", "total_cputime", "total_time"}


@dataclass(frozen=True)
class Usage:
    """The fullest limit of one answer.

    percent: how much of it is used; may exceed 100.
    regain_seconds: how long the caller is shut out already; 0 if it is not. pauses: from what.
    """

    percent: float = 0.0
    regain_seconds: float = 0.0
    pauses: Pauses = Pauses.ACCOUNT


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read all usage headers of an answer; ones that cannot be read count as nothing."""
    percent = 0.0
    shut_out: dict[Pauses, float] = {Pauses.ACCOUNT: 0.0, Pauses.APP: 0.0}
    for entry, pauses in _entries(headers):
        used = max((_number(entry[key]) for key in entry if _is_percentage(key)), default=0.0)
        percent = max(percent, used)
        regain = 60 * _number(entry.get("estimated_time_to_regain_access"))
        if used >= 100:
            regain = max(regain, _number(entry.get("reset_time_duration")))
        shut_out[pauses] = max(shut_out[pauses], regain)
    pauses = max(shut_out, key=lambda one: shut_out[one])
    return Usage(percent, shut_out[pauses], pauses)


def pause_seconds(usage: Usage) -> float:
    """Return how long to wait before the next call: nothing up to 75 %, then ever longer."""
    over = min(usage.percent, 100.0) - SLOW_ABOVE_PERCENT
    return max(0.0, over / (100.0 - SLOW_ABOVE_PERCENT) * LONGEST_PAUSE_SECONDS)


def _entries(headers: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], Pauses]]:
    """Yield what each header says, and whether it says so of the whole app."""
    for name in USAGE_HEADERS:
        pauses = Pauses.APP if name == _OF_APP else Pauses.ACCOUNT
        try:
            content = msgspec.json.decode(headers.get(name) or "{}")
        except msgspec.DecodeError:
            continue
        if not isinstance(content, dict):
            continue
        yield content, pauses
        for value in content.values():
            if isinstance(value, list):
                yield from ((entry, pauses) for entry in value if isinstance(entry, dict))


def _is_percentage(key: str) -> bool:
    return key in _PERCENTAGES or key.endswith("_util_pct")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else 0.0
