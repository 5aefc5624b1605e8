"""Filters that take one value or several separated by commas (contract 4.10)."""

from headrace.kit.told import told
from headrace.rest.errors import Invalid

_MAX_DIGITS = 18


def comma_list(text: str | None) -> list[str]:
    """Return the values of a comma list; none for an absent filter."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def comma_ids(name: str, text: str | None) -> list[int]:
    """Return the ids of a comma list.

    Raises:
        Invalid: naming the filter, if one is not a whole number.
    """
    ids = comma_list(text)
    for part in ids:
        if not part.isascii() or not part.isdigit() or len(part) > _MAX_DIGITS:
            raise Invalid(name, told("{part!r} is not an id.", part=part))
    return [int(part) for part in ids]
