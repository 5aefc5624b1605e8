"""What a person filled into a connector's form: checked by its types and choices, with defaults."""

from collections.abc import Mapping
from typing import Any

from headrace.connections.errors import FieldMissing, FieldUnfit
from headrace.connectors.contract import Setting, SettingType
from headrace.kit.told import named, told


def filled(fields: tuple[Setting, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values with defaults, checked by the form; what it does not name is kept.

    Raises:
        FieldMissing, FieldUnfit: naming the field.
    """
    values = {
        item.name: item.initial_value for item in fields if item.initial_value is not None
    } | dict(given)
    for item in fields:
        if item.required and values.get(item.name) in (None, ""):
            raise FieldMissing(item.name, item.title)
        _check_value(item, values.get(item.name))
    return values


def _check_value(item: Setting, value: Any) -> None:
    if value in (None, ""):
        return
    if item.type is SettingType.BOOLEAN and not isinstance(value, bool):
        raise FieldUnfit(item.name, told("{title} takes true or false.", title=named(item.title)))
    if item.type is SettingType.INTEGER and (isinstance(value, bool) or not isinstance(value, int)):
        raise FieldUnfit(item.name, told("{title} takes a whole number.", title=named(item.title)))
    options = [choice.value for choice in item.choices]
    if item.type is SettingType.SELECT and value not in options:
        raise FieldUnfit(
            item.name,
            told("{title} takes {options}.", title=named(item.title), options=", ".join(options)),
        )
