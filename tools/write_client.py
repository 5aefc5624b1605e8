"""Write the generated half of `headrace.client` from the OpenAPI document: `make client`.

Models are the work of datamodel-code-generator; an operation becomes a method of three lines.
"""

import keyword
import re
import subprocess
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from datamodel_code_generator import GenerateConfig, LiteralType, generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import DatetimeClassType, PythonVersion

from headrace.app import document
from headrace.settings import Settings

CLIENT = Path(__file__).parents[1] / "src" / "headrace" / "client"
_HEADER = '"""{title}; written by `make client`, not by hand."""\n\n'
_DROPPED = {
    "title", "example", "examples", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "minItems", "maxItems", "pattern", "default",
}  # fmt: skip
_TYPES = {"integer": "int", "string": "str", "boolean": "bool", "number": "float"}
_PAGE = {"page", "page_size"}
_WIDTH = 92


def models_text(described: dict[str, Any]) -> str:
    """Write the schemas as structs. The server checks limits; a client need not know them."""
    pruned = described | {
        "paths": {},
        "components": {
            "schemas": {
                name: _pruned(schema) for name, schema in described["components"]["schemas"].items()
            }
        },
    }
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "models.py"
        config = GenerateConfig(
            input_file_type=InputFileType.OpenAPI,
            output=path,
            output_model_type=DataModelType.MsgspecStruct,
            output_datetime_class=DatetimeClassType.Datetime,
            target_python_version=PythonVersion.PY_311,
            enum_field_as_literal=LiteralType.All,
            use_union_operator=True,
            use_standard_collections=True,
            use_schema_description=True,
            keyword_only=True,
            disable_timestamp=True,
            custom_file_header=_HEADER.format(title="The bodies that the API takes and gives"),
        )
        generate(msgspec.json.encode(pruned).decode(), config=config)
        return _formatted(path.read_text(encoding="utf-8"))


def operations_text(described: dict[str, Any]) -> str:
    """Write the operations as methods, by the credentials they take."""
    blocks = [
        _HEADER.format(title="The operations of the API"),
        "from typing import Any\n\nfrom headrace.client import models\n",
        "from headrace.client.calling import Caller, in_path\n\n\n",
    ]
    for name, scheme, what in (
        ("AgencyOperations", "basic", "What an agency user calls with name and password."),
        ("WorkspaceOperations", "bearer", "What is called in a workspace, with its token."),
    ):
        blocks.append(f'class {name}:\n    """{what}"""\n\n')
        blocks.append("    def __init__(self, caller: Caller) -> None:\n")
        blocks.append("        self._caller = caller\n\n")
        blocks += [textwrap.indent(text, "    ") for text in _methods(described, scheme)]
        blocks.append("\n\n")
    return _formatted("".join(blocks))


def _methods(described: dict[str, Any], scheme: str) -> Iterator[str]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            schemes = {name for item in operation.get("security", []) for name in item}
            if scheme in schemes and path.startswith("/api/") and _is_json(operation):
                yield _method(method.upper(), path, operation)


def _is_json(operation: dict[str, Any]) -> bool:
    """Whether the answer is one that `models` can describe; streams and pages are not."""
    _, answer = _answer_schema(operation)
    return answer is not None or "204" in operation["responses"]


def _method(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = operation.get("parameters", [])
    _, schema = _answer_schema(operation)
    queries = [each for each in parameters if each["in"] == "query"]
    if schema and _bare_array(schema) != schema:
        queries = [each for each in queries if each["name"] not in _PAGE]
        schema = _bare_array(schema)
    arguments = ["self", *(f"{_name(item)}: {_type(item['schema'])}" for item in parameters
                           if item["in"] == "path")]  # fmt: skip
    body = operation.get("requestBody")
    if body:
        kind = _type(body["content"]["application/json"]["schema"])
        optional = f"body: {kind.removesuffix(' | None')} | None = None"
        arguments.append(f"body: {kind}" if body.get("required") else optional)
    if queries:
        arguments += [
            "*",
            *map(_argument, sorted(queries, key=lambda item: not item.get("required"))),
        ]
    answer = "None" if schema is None else _type(schema)
    call = [f'"{method}"', _path(path), *([] if schema is None else [answer])]
    if queries:
        pairs = ", ".join(f'"{item["name"]}": {_name(item)}' for item in queries)
        call.append(f"query={{{pairs}}}")
    if body:
        call.append("body=body")
    does = "self._caller.do" if schema is None else "return self._caller.call"
    result = f"{does}({', '.join(call)})"
    return (
        f"def {operation['operationId']}({', '.join(arguments)}) -> {answer}:\n"
        f"{_docstring(operation)}    {result}\n\n"
    )


def _answer_schema(operation: dict[str, Any]) -> tuple[str, Any]:
    status = min(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][status].get("content", {})
    return status, content.get("application/json", {}).get("schema")


def _bare_array(schema: dict[str, Any]) -> dict[str, Any]:
    """Of an answer that is an array, or a page to who asks for one, take the array."""
    arrays = [one for one in schema.get("anyOf", []) if one.get("type") == "array"]
    return arrays[0] if arrays else schema


def _argument(item: dict[str, Any]) -> str:
    kind = _type(item["schema"])
    if item.get("required"):
        return f"{_name(item)}: {kind}"
    return f"{_name(item)}: {kind.removesuffix(' | None')} | None = None"


def _name(item: dict[str, Any]) -> str:
    name = re.sub(r"\W", "_", item["name"])
    return f"{name}_" if keyword.iskeyword(name) else name


def _path(path: str) -> str:
    if "{" not in path:
        return f'"{path}"'
    return 'f"' + re.sub(r"{(\w+)}", r"{in_path(\1)}", path) + '"'


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"models.{schema['$ref'].rsplit('/', 1)[1]}"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        kinds = list(dict.fromkeys(map(_type, choices)))
        return (
            "Any" if "Any" in kinds else " | ".join(sorted(kinds, key=lambda kind: kind == "None"))
        )
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    if kind == "object":
        return "dict[str, Any]"
    return "None" if kind == "null" else _TYPES.get(str(kind), "Any")


def _docstring(operation: dict[str, Any]) -> str:
    text = operation.get("description") or operation["summary"] + "."
    paragraphs = [
        "\n".join(textwrap.wrap(part, _WIDTH, break_on_hyphens=False))
        for part in text.replace("\\", "\\\\").split("\n\n")
    ]
    quoted = '"""' + "\n\n".join(paragraphs)
    return textwrap.indent(quoted + ('\n"""' if "\n" in quoted else '"""'), "    ") + "\n"


def _pruned(schema: Any, *, names: bool = False) -> Any:
    """Leave out what a client need not check. `names`: the keys are members, not keywords."""
    if isinstance(schema, list):
        return [_pruned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _pruned(value, names=key == "properties" and not names)
        for key, value in schema.items()
        if names or key not in _DROPPED
    }


def _formatted(text: str) -> str:
    """Write code as the rest of the repository is written."""
    for command in (["check", "--fix-only", "--select", "I,UP,F401"], ["format"]):
        ruff = ["ruff", *command, "--quiet", "--stdin-filename", str(CLIENT / "models.py"), "-"]
        done = subprocess.run(  # noqa: S603  # our own formatter
            [sys.executable, "-m", *ruff], input=text, text=True, capture_output=True, check=True
        )
        text = done.stdout
    return text


def texts() -> dict[Path, str]:
    """Return what each generated file has to hold."""
    described = document(Settings.model_construct())
    return {
        CLIENT / "models.py": models_text(described),
        CLIENT / "operations.py": operations_text(described),
    }


def main() -> None:
    """Write the files."""
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
