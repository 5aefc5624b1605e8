"""How loaders and destination connections describe themselves to clients."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from headrace.destinations.params import form
from headrace.loaders.contract import LoaderSpec, Param
from headrace.loaders.registry import loaders

SHOWN_NAMES = (
    "id",
    "destination_name",
    "title",
    "updated_at",
    "status",
    "error_text",
    "is_editable",
    "create_load_for_new_tables",
)
"""What is shown of a destination connection."""


def destination(spec: LoaderSpec) -> dict[str, Any]:
    """A loader as `DestinationOut`."""
    return {
        "name": spec.name,
        "title": spec.title,
        "info": {
            "category": spec.category.value,
            "connection_params": [_param(item) for item in form(spec)],
            "supported_load_modes": [mode.value for mode in spec.write_modes],
            "supports_partitioning": spec.supports_partitioning,
            "docs_url": spec.docs_url,
        },
    }


@cache
def destination_named(name: str) -> dict[str, Any]:
    """The loader of that name as `DestinationOut`; made once, for lists show it on every row."""
    return destination(loaders()[name].spec)


def connection(shown: Any) -> dict[str, Any]:
    """A destination connection, or a row of `queries.SHOWN`, as `DestinationConnectionOut`."""
    return connection_out({name: getattr(shown, name) for name in SHOWN_NAMES})


def connection_out(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `SHOWN_NAMES` as `DestinationConnectionOut`."""
    result = dict(values)
    result["destination"] = destination_named(result.pop("destination_name"))
    return result


def _param(item: Param) -> dict[str, Any]:
    options = [{"value": each, "label": each, "description": ""} for each in item.choices]
    return {
        "type": item.type.value,
        "name": item.name,
        "required": item.required,
        "secret": item.secret,
        "title": item.title,
        "description": item.description,
        "params": {"options": options} if options else {},
        "initial_value": item.initial_value,
    }
