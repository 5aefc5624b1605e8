"""Where requests take the ids of tenants' things, and bodies that hold each of them."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from rest.published import DOCUMENT, Operation

NOWHERE = 2**53 - 1
NO_UUID = "00000000-0000-4000-8000-000000000000"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = re.compile(r"(^|_)ids?$|^accounts$")
_NO_TENANTS = {"datasource_name", "destination_name", "recipe_template_id", "data_name"}
_OF_FILES = re.compile(r"external-auth-links|/connections/\{connection_id\}$")

Ids = dict[str, Any]

PUBLIC = {
    ("preview_template", "accounts"): "the platform's own ids, within the connection",
    ("load_custom_setting_options", "account_ids"): "the platform's own ids, in the connection",
    ("create_dashboard_image_link", "accounts"): "the platforms' own ids, of what is shown",
    ("put_connector_settings", "client_id"): "the platform's own name of an app registered there",
    ("update_accounts", "accounts"): "objects, whose `id` is swept",
    ("create_connection", "accounts"): "the platform's own ids, of what the credentials see there",
    ("create_template", "parent_id"): "templates for all are parents",
    ("create_automated_recipe", "template_id"): "shipped with the server",
    ("update_automated_recipe", "template_id"): "shipped with the server",
    ("list_automated_recipes", "template_id"): "shipped with the server",
    ("list_audit_entries", "object_id"): "a text that is looked for in the caller's own trail",
    ("list_runs", "subject_id"): "a text that is looked for among the caller's own runs",
    ("replay_runs", "subject_ids"): "texts that are looked for among the caller's own runs",
    ("export_audit_log", "object_id"): "a text that is looked for in the caller's own trail",
}
"""Ids of queries and bodies that are no tenant's, with the reason."""

MEANT = {
    ("preview_template", "connection_id"): "ads_connection_id",
    ("validate_template", "accounts"): "ads_account_id",
    ("create_template", "connection_id"): "ads_connection_id",
    ("load_custom_setting_options", "connection_id"): "ads_connection_id",
    ("create_automated_recipe", "connection_id"): "ads_connection_id",
    ("create_automated_recipe", "accounts"): "ads_account_id",
    ("update_automated_recipe", "connection_id"): "ads_connection_id",
    ("update_automated_recipe", "accounts"): "ads_account_id",
    ("update_accounts", "id"): "account_id",
    ("migrate_wide_extract", "extract_id"): "wide_extract_id",
    ("begin_authorization", "connection_id"): "ads_connection_id",
    ("enable_recipe", "recipe_id"): "other_recipe_id",
}
"""What an id means whose name does not say it."""


def meant_by(operation: Operation, name: str) -> str:
    """Return the name of the owner's id that an id of a request stands for."""
    plain = {"accounts": "account_id", "account_ids": "account_id"}.get(name, name)
    return MEANT.get((operation.name, name), plain)


def path_of(operation: Operation, ids: Ids) -> str:
    """Return the operation's path, with names that fit the things asked for."""
    is_of_files = _OF_FILES.search(operation.path) is not None
    names = {"datasource_name": "file_import" if is_of_files else "demo_ads"}
    names |= {"destination_name": "duckdb", "data_name": "performance"}
    if "/destinations/" in operation.path:
        names["connection_id"] = ids["destination_connection_id"]
    return operation.at(ids | names)


def path_ids(operation: Operation) -> set[str]:
    """Return the tenants' ids among the parameters of an operation's path."""
    names = set(re.findall(r"{(\w+)}", operation.path)) - _NO_TENANTS
    if "/destinations/" in operation.path and "connection_id" in names:
        names = names - {"connection_id"} | {"destination_connection_id"}
    return names


def query_ids(operation: Operation) -> set[str]:
    """Return the tenants' ids among the parameters of an operation's query."""
    names = {
        item["name"]
        for item in operation.described.get("parameters", [])
        if item["in"] == "query" and _ID.search(item["name"])
    }
    return {name for name in names if (operation.name, name) not in PUBLIC}


def body_ids(operation: Operation) -> set[str]:
    """Return the tenants' ids among the members of an operation's body, however deep."""
    if not operation.takes_body:
        return set()
    schema = operation.described["requestBody"]["content"]["application/json"]["schema"]
    names = {name for name in _members(schema, ()) if _ID.search(name)}
    return {name for name in names if (operation.name, name) not in PUBLIC}


def good_body(operation: Operation, own: Ids) -> dict[str, Any] | None:
    """Return a body in which nothing is wrong: the caller's own ids, or the document's example."""
    if not operation.takes_body:
        return None
    if operation.name in BODIES:
        return BODIES[operation.name][0](own)
    content = operation.described["requestBody"]["content"]["application/json"]
    example: dict[str, Any] = content["example"]
    return example


def _members(schema: dict[str, Any], seen: tuple[str, ...]) -> Iterator[str]:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name in seen:
        return
    if name:
        yield from _members(DOCUMENT.whole["components"]["schemas"][name], (*seen, name))
    parts = [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
    for part in [*parts, *filter(None, [schema.get("items")])]:
        yield from _members(part, seen)
    for member, part in schema.get("properties", {}).items():
        yield member
        yield from _members(part, seen)


def nowhere(ids: Ids) -> Ids:
    """Return ids of nothing, in the forms of these."""
    return {
        name: NO_UUID
        if _UUID.fullmatch(str(value))
        else (NOWHERE if isinstance(value, int) else str(NOWHERE))
        for name, value in ids.items()
    }


def put(body: Any, name: str, value: Any) -> Any:
    """Return a body with another value wherever it holds an id of a name; lists hold it alone."""
    changed = deepcopy(body)
    _put(changed, name, value)
    assert changed != body, f"the body in BODIES must hold {name}"
    return changed


def _put(part: Any, name: str, value: Any) -> None:
    for item in part if isinstance(part, list) else []:
        _put(item, name, value)
    for key, held in part.items() if isinstance(part, dict) else []:
        if key == name and not (isinstance(held, list) and isinstance(held[0], dict)):
            part[key] = [value] if isinstance(held, list) else value
        else:
            _put(held, name, value)


BODIES: dict[str, list[Callable[[Ids], dict[str, Any]]]] = {
    "create_token": [lambda own: {"workspace_id": own["workspace_id"]}],
    "add_member": [lambda own: {"username": own["free_username"], "role_id": own["role_id"]}],
    "change_member": [lambda own: {"role_id": own["role_id"]}],
    "create_template": [
        lambda own: {
            "parent_id": own["wide_template_id"],
            "title": "Wide",
            "fields": ["campaign_name", "spend"],
            "connection_id": own["ads_connection_id"],
        }
    ],
    "preview_template": [
        lambda own: {
            "connection_id": own["ads_connection_id"],
            "fields": ["spend"],
            "accounts": [own["ads_remote_id"]],
        }
    ],
    "validate_template": [lambda own: {"accounts": [own["ads_account_id"]]}],
    "load_custom_setting_options": [
        lambda own: {
            "template_id": own["template_id"],
            "connection_id": own["ads_connection_id"],
            "account_ids": [own["ads_remote_id"]],
            "custom_setting_name": "conversion_actions",
        }
    ],
    "update_accounts": [
        lambda own: {
            "accounts": [{"id": own["account_id"], "enabled_for_embedded_extraction": True}]
        },
        lambda own: {
            "account_ids": [own["account_id"]],
            "enabled_for_embedded_extraction": True,
        },
    ],
    "create_extracts": [
        lambda own: {
            "data_table_title": "Another",
            "template_id": own["template_id"],
            "accounts": [own["ads_account_id"]],
        }
    ],
    "migrate_wide_extract": [
        lambda own: {"extract_id": own["wide_extract_id"], "fields": ["date", "ad_id", "spend"]}
    ],
    "update_automated_recipe": [
        lambda own: {
            "connections": [
                {
                    "connection_id": own["ads_connection_id"],
                    "accounts": [own["ads_account_id"]],
                }
            ]
        }
    ],
    "create_load": [
        lambda own: {
            "data_table_id": own["data_table_id"],
            "destination_connection_id": own["destination_connection_id"],
            "destination_table": "another",
        }
    ],
    "enable_recipe": [lambda own: {"recipe_id": own["other_recipe_id"]}],
    "get_iframe_url": [
        lambda own: {"workspace_id": own["workspace_id"]},
        lambda own: {
            "workspace_id": own["workspace_id"],
            "datasource_name": "file_import",
            "connection_id": own["connection_id"],
        },
    ],
    "create_external_auth_links": [
        lambda own: {"send_email": False, "connection_id": own["connection_id"]}
    ],
    "begin_authorization": [lambda own: {"connection_id": own["ads_connection_id"]}],
    "create_automated_recipe": [
        lambda own: {
            "template_id": own["recipe_template_id"],
            "title": "Another",
            "data_sources": ["demo_ads"],
            "connections": [
                {
                    "connection_id": own["ads_connection_id"],
                    "accounts": [own["ads_account_id"]],
                }
            ],
        }
    ],
}
"""A body for every operation whose body takes ids; together, an operation's hold each of them."""
