"""Examples for the OpenAPI document, made from its schemas so that they cannot go stale."""

from typing import Any

_TEXTS = {
    "date": "2026-05-01",
    "date-time": "2026-05-01T06:00:00Z",
    "uuid": "7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10",
}
_VALUES: dict[str, Any] = {
    "error_text": None,
    "error_class": None,
    "days": None,
    "next": None,
    "previous": None,
    "fields": ["date_start", "campaign_id", "impressions", "spend"],
    "selected_fields": ["date_start", "campaign_id", "campaign_name", "spend"],
    "hashed_fields": [],
    "dynamic_fields": ["actions:purchase:7d_click"],
    "bad_values": "fail",
    "account_id": "1180230942",
    "account_name": "Acme Europe",
    "destination_table": "campaigns",
    "title": "Campaigns",
    "status": "synced",
    "datasource_name": "facebook",
    "currency": "EUR",
    "name": "spend",
    "sql_name": "spend",
    "report_type": "campaigns",
    "subject_id": "7",
    "format": None,
    "docs_url": None,
    "initial_value": None,
    "timezone": "Europe/Berlin",
}


def example_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Return a value that fits a schema: its own example where it has one, else a plain one.

    schemas: the document's components. name: the member it is the value of, for a telling text.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, name)
    if schema.get("examples"):
        return schema["examples"][0]
    for given in ("example", "default", "const"):
        if given in schema:
            return schema[given]
    if schema.get("enum"):
        return schema["enum"][0]
    if name in _VALUES and schema.get("type") != "object" and not _array_of_refs(schema):
        return _VALUES[name]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return example_of(schema[choice][0], schemas, name)
    return _by_type(schema, schemas, name)


def _array_of_refs(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema if it is a list of objects, which have examples of their own; else nothing."""
    return schema if "$ref" in schema.get("items", {}) else {}


def _by_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {})
        return {key: example_of(member, schemas, key) for key, member in members.items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name)]
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "text")
    return None if kind == "null" else {} if kind is None else 1
