"""Names of schemas in the OpenAPI document: those of the published API, not of our classes."""

import re
from typing import Any

_REFERENCE = "#/components/schemas/"
# Where the published name is not simply ours without its ending.
_PUBLISHED = {
    "Template": "ExtractTemplate",
    "TemplateDetail": "ExtractTemplateDetail",
    "TemplateCompact": "ExtractTemplateCompact",
    "AdditionalParam": "AdditionalParams",
    "PaginatedTemplateList": "PaginatedExtractTemplateList",
    "PaginatedConnectionList": "PaginatedConnectionsList",
}


def published_name(name: str) -> str:
    """Return the name under which a schema is published (contract section 3)."""
    # A schema that is both sent and answered, with defaults, is two: what may be left out differs.
    name = name.replace("-Input", "In").removesuffix("-Output")
    paged = re.fullmatch(r"Page_(\w+?)(?:Out)?_", name)
    plain = f"Paginated{paged[1]}List" if paged else name.removesuffix("Out")
    return _PUBLISHED.get(plain, plain)


def publish_names(document: dict[str, Any]) -> None:
    """Rename every schema of a document, where it is defined and where it is referred to."""
    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = {
        published_name(name): schema | {"title": published_name(name)}
        for name, schema in schemas.items()
    }
    pending: list[Any] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            target = item.get("$ref")
            if isinstance(target, str) and target.startswith(_REFERENCE):
                item["$ref"] = _REFERENCE + published_name(target.removeprefix(_REFERENCE))
            pending += item.values()
        elif isinstance(item, list):
            pending += item
