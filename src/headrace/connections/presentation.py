"""How connectors describe themselves to clients."""

from typing import Any

from headrace.connectors.contract import Connector, Setting


def datasource(connector: Connector) -> dict[str, Any]:
    """A connector as `DataSourceOut`."""
    spec = connector.spec
    return {"name": spec.name, "title": spec.title, "categories": list(spec.categories)}


def datasource_detail(connector: Connector) -> dict[str, Any]:
    """A connector with its forms, as `DataSourceDetail`."""
    spec = connector.spec
    return datasource(connector) | {
        "auth": {
            "kind": spec.auth.kind,
            "fields": [form_field(item) for item in spec.auth.fields],
        },
        "settings": [form_field(item) for item in spec.settings],
        "docs_url": spec.docs_url,
    }


def form_field(item: Setting) -> dict[str, Any]:
    """One input as `FormField`."""
    return {
        "name": item.name,
        "title": item.title,
        "type": item.type,
        "required": item.required,
        "secret": item.secret,
        "description": item.description,
        "initial_value": item.initial_value,
        "options": [
            {"value": choice.value, "label": choice.label, "description": choice.description}
            for choice in item.choices
        ],
    }


def matches(connector: Connector, search: str | None, categories: set[str]) -> bool:
    """Whether a connector belongs in a filtered list."""
    spec = connector.spec
    if categories and not categories & {item.lower() for item in spec.categories}:
        return False
    wanted = (search or "").lower()
    return wanted in spec.name.lower() or wanted in spec.title.lower()
