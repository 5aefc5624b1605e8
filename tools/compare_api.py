"""Compare the served OpenAPI document with the contract file: `make api-diff`.

Prints each difference and ends with 1 where there is one. What the document has beyond the contract
must be marked as an extension; members beyond it are free, unless a request insists on them.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.app import document
from headrace.settings import Settings

CONTRACT = Path(__file__).parents[1] / "contract" / "embedded_api_v3.toml"
EXTENSION = "x-headrace-extension"
_PRIMITIVES = {"integer", "number", "string", "boolean", "object"}
_FORMATS = {"date": "date", "date-time": "datetime"}


@dataclass(frozen=True)
class Shape:
    """What a place in the document allows.

    kinds: primitive names, `date`, `datetime`, `null`, `any`. values: of an enumeration. items: of
    lists. objects: the resolved schemas of objects.
    """

    kinds: frozenset[str]
    values: frozenset[str]
    items: tuple["Shape", ...]
    objects: tuple[dict[str, Any], ...]


class Comparison:
    """The document, measured by the contract."""

    def __init__(self, contract: dict[str, Any], document: dict[str, Any]) -> None:
        self._schemas: dict[str, dict[str, Any]] = contract["schemas"]
        self._operations: dict[str, dict[str, Any]] = contract["operations"]
        self._aliases = {_key(*line.split()): name for line, name in contract["aliases"].items()}
        self._components: dict[str, Any] = document["components"]["schemas"]
        self._served = {
            _key(method, path): described
            for path, methods in document["paths"].items()
            if path.startswith("/api/")
            for method, described in methods.items()
        }

    def differences(self) -> list[str]:
        """List every difference, as "where: what"."""
        return [*self._of_names(), *self._of_operations(), *self._beyond()]

    def _of_names(self) -> Iterator[str]:
        for name in self._schemas:
            if name not in self._components:
                yield f"schema {name}: the document has none of that name"

    def _of_operations(self) -> Iterator[str]:
        for name, wanted in self._operations.items():
            described = self._served.get(_key(wanted["method"], wanted["path"]))
            if described is None:
                yield f"{name}: {wanted['method']} {wanted['path']} is not served"
                continue
            for difference in self._of_operation(wanted, described):
                yield f"{name}: {difference}"

    def _of_operation(self, wanted: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
        if described.get(EXTENSION):
            yield "marked as an extension, and it is published"
        schemes = {scheme for item in described.get("security", []) for scheme in item}
        if schemes != set(wanted["auth"]):
            yield f"takes {sorted(schemes)}, not {wanted['auth']}"
        yield from self._of_query(wanted, described)
        yield from self._of_request(wanted.get("request", {}), described)
        yield from self._of_answer(wanted, described)

    def _of_query(self, wanted: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
        query = dict(wanted.get("query", {}))
        if wanted.get("paged"):
            query |= {"page": "integer", "page_size": "integer"}
        offered = {
            parameter["name"]: parameter
            for parameter in described.get("parameters", [])
            if parameter["in"] == "query"
        }
        for name, kind in query.items():
            if name not in offered:
                yield f"query {name}: missing"
            else:
                yield from self._accepts(f"query {name}", kind, offered[name]["schema"])
        for name, parameter in offered.items():
            if parameter.get("required") and name not in query:
                yield f"query {name}: required, and the contract does not know it"

    def _of_request(self, wanted: dict[str, str], described: dict[str, Any]) -> Iterator[str]:
        content = described.get("requestBody", {}).get("content", {})
        schema = self._resolved(content.get("application/json", {}).get("schema", {}))
        if wanted and not schema:
            yield "request: takes no body"
            return
        choices = self._shape(schema).objects or (schema,)
        members = {
            name: one for each in choices for name, one in each.get("properties", {}).items()
        }
        required = set.intersection(*(set(each.get("required", [])) for each in choices))
        for name, kind in wanted.items():
            if name not in members:
                yield f"request {name}: missing"
                continue
            if kind.endswith("!") != (name in required):
                yield f"request {name}: " + ("required" if name in required else "not required")
            yield from self._accepts(f"request {name}", kind.rstrip("!"), members[name])
        for name in sorted(required - wanted.keys()):
            yield f"request {name}: required, and the contract does not know it"

    def _accepts(self, where: str, kind: str, schema: dict[str, Any]) -> Iterator[str]:
        """Tell where the document refuses in a request what the contract lets a client send."""
        shape = self._shape(schema)
        if kind == "any" or "any" in shape.kinds:
            return
        if kind.endswith("[]"):
            if not shape.items:
                yield f"{where}: no list"
            for item in shape.items[:1]:
                yield from self._accepts_item(f"{where}[]", kind[:-2], item)
        elif "|" in kind:
            if missing := set(kind.split("|")) - shape.values:
                yield f"{where}: does not take {sorted(missing)}"
        elif kind in self._schemas or kind == "object":
            if not shape.objects and "object" not in shape.kinds:
                yield f"{where}: no object"
        elif kind not in shape.kinds and not (kind == "date" and "string" in shape.kinds):
            yield f"{where}: takes {sorted(shape.kinds)}, not {kind}"

    def _accepts_item(self, where: str, kind: str, item: Shape) -> Iterator[str]:
        if "any" in item.kinds or kind in item.kinds:
            return
        if (kind in self._schemas or kind == "object") and item.objects:
            return
        yield f"{where}: takes {sorted(item.kinds)}, not {kind}"

    def _of_answer(self, wanted: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
        status = str(wanted["status"])
        answers = described["responses"]
        if status not in answers:
            yield f"answer: no status {status} among {sorted(answers)}"
            return
        content = answers[status].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if "response" not in wanted:
            if schema:
                yield "answer: a body where none is published"
        elif schema is None:
            yield "answer: no body"
        else:
            yield from self._gives("answer", wanted["response"], schema, ())

    def _gives(
        self, where: str, kind: str, schema: dict[str, Any], above: tuple[str, ...]
    ) -> Iterator[str]:
        """Tell where the document may answer what a client of the contract does not expect."""
        shape = self._shape(schema)
        may_be_null = kind.endswith("?")
        kind = kind.removesuffix("?")
        if "null" in shape.kinds and not may_be_null and kind != "any":
            yield f"{where}: may be null"
        if kind == "any":
            return
        if kind.endswith("[]"):
            if not shape.items:
                yield f"{where}: no list"
                return
            for item in self._item_schemas(schema):
                yield from self._gives(f"{where}[]", kind[:-2], item, above)
        elif kind in self._schemas:
            yield from self._gives_object(where, kind, shape, above)
        elif "|" in kind:
            if not shape.values or not shape.values <= set(kind.split("|")):
                yield f"{where}: one of {sorted(shape.values)}, not of {kind}"
        elif kind == "object":
            if not shape.objects and "object" not in shape.kinds:
                yield f"{where}: {sorted(shape.kinds)}, not object"
        elif shape.kinds - {"null"} != {kind}:
            yield f"{where}: {sorted(shape.kinds)}, not {kind}"

    def _gives_object(
        self, where: str, name: str, shape: Shape, above: tuple[str, ...]
    ) -> Iterator[str]:
        if not shape.objects:
            yield f"{where}: no object with members, not {name}"
        if name in above:
            return
        wanted = self._schemas[name]
        optional = wanted.get("optional", [])
        for schema in shape.objects:
            members = schema.get("properties", {})
            for member, kind in wanted.items():
                if member == "optional":
                    continue
                if member not in members:
                    yield f"{where}.{member}: missing"
                    continue
                if member not in schema.get("required", []) and member not in optional:
                    yield f"{where}.{member}: may be left out"
                yield from self._gives(f"{where}.{member}", kind, members[member], (*above, name))

    def _beyond(self) -> Iterator[str]:
        published = {_key(each["method"], each["path"]) for each in self._operations.values()}
        for key, described in self._served.items():
            if key in published or key in self._aliases or described.get(EXTENSION):
                continue
            yield f"{key}: neither in the contract nor marked as an extension"

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._components[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _alternatives(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        schema = self._resolved(schema)
        nested = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if not nested:
            yield schema
        for each in nested or ():
            yield from self._alternatives(each)

    def _item_schemas(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for each in self._alternatives(schema):
            if each.get("type") == "array":
                yield each.get("items", {})

    def _shape(self, schema: dict[str, Any]) -> Shape:
        kinds: set[str] = set()
        values: set[str] = set()
        objects = []
        for each in self._alternatives(schema):
            found = each.get("type", "object" if "properties" in each else "any")
            kinds |= {_FORMATS.get(each.get("format", ""), kind) for kind in _listed(found)}
            values |= {str(value) for value in each.get("enum", [])}
            values |= {str(each["const"])} if "const" in each else set()
            if "properties" in each:
                objects.append(each)
        items = tuple(map(self._shape, self._item_schemas(schema)))
        return Shape(frozenset(kinds), frozenset(values), items, tuple(objects))


def _listed(kind: Any) -> list[str]:
    return kind if isinstance(kind, list) else [kind]


def _key(method: str, path: str) -> str:
    """Name an operation without the names of its parameters and the slash at its end."""
    return f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path.rstrip('/'))}"


def read_contract() -> dict[str, Any]:
    """Read the contract file."""
    return tomllib.loads(CONTRACT.read_text(encoding="utf-8"))


def main() -> int:
    """Print the differences of the document this code serves."""
    found = Comparison(read_contract(), document(Settings.model_construct())).differences()
    for difference in found:
        sys.stdout.write(difference + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
