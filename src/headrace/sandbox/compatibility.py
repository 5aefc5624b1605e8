"""Which fields of a custom report go together: the network's rules, and how it words them."""

from collections.abc import Collection

from headrace.sandbox.fields import AD_FIELDS, METRIC_FIELDS

_PEOPLE = ("reach", "frequency")
_NEEDS_AD = tuple(name for name in AD_FIELDS if name not in ("ad_id", "ad_format", "is_video"))


def why_incompatible(level: str, fields: Collection[str]) -> str | None:
    """Return why the network does not report these fields together, or None if it does.

    At the levels of campaigns and ads everything goes together.
    """
    if level != "custom":
        return None
    if "device" in fields and "country" in fields:
        return "device and country cannot be combined, to protect people's privacy."
    people = [name for name in _PEOPLE if name in fields]
    if "country" in fields and people:
        return f"{people[0]} is not counted by country."
    lonely = [name for name in _NEEDS_AD if name in fields]
    if lonely and "ad_id" not in fields:
        return f"{lonely[0]} is reported together with ad_id only."
    if not any(name in METRIC_FIELDS for name in fields):
        return "Ask for at least one metric."
    return None
