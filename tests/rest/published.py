"""The OpenAPI document as a measure: what an operation may answer, to the last member."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from httpx import Response
from jsonschema import Draft202012Validator, FormatChecker

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.frames import code_headers, frame_headers, link_headers
from headrace.app import create_app
from headrace.rest.openapi import api_routes, build, guard_of
from headrace.settings import Settings

JSON = "application/json; charset=utf-8"
FORMATS = FormatChecker(["date", "uuid"])
OPTIONAL = {
    "AutomatedRecipeTemplateTreeNode": {"parent_id"},
    "Error": {"errors", "request_id"},
    "LookbackWindow": {"days"},
}
"""Members that answers may lack, by schema; every other member is always there."""


_OF_OAUTH = re.compile(r"/connector-settings/|/authorizations$")


@FORMATS.checks("date-time")
def _is_utc(value: object) -> bool:
    """Moments are in UTC and say so with a Z (contract 1.1)."""
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
    return not isinstance(value, str) or re.fullmatch(pattern, value) is not None


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    schemes: tuple[str, ...]
    described: dict[str, Any]

    @property
    def takes_body(self) -> bool:
        return "requestBody" in self.described

    @property
    def answers_json(self) -> bool:
        """Whether it answers with JSON where all is well; files are told by their own types."""
        return not any(
            "application/json" not in answer["content"]
            for status, answer in self.described["responses"].items()
            if status < "300" and "content" in answer
        )

    @property
    def takes_pages(self) -> bool:
        names = {item["name"] for item in self.described.get("parameters", [])}
        # What pages by a position ignores numbers of pages; what ranks figures is no list.
        return "page_size" in names and not names & {"before", "sort"}

    def at(self, ids: dict[str, Any]) -> str:
        """The path with ids in the place of its parameters."""
        return re.sub(r"{(\w+)}", lambda found: str(ids[found[1]]), self.path)


class Document:
    """The document of an application, as a judge of its answers."""

    def __init__(self, app: FastAPI) -> None:
        self.whole = build(app)
        self.operations = {
            route.name: Operation(
                route.name,
                method,
                route.path_format,
                guard_of(route).schemes,
                self._described(route.path_format, method),
            )
            for route in api_routes(app.routes)
            for method in route.methods or ()
        }
        self._strict = {
            name: _strict(schema, OPTIONAL.get(name, set()))
            for name, schema in deepcopy(self.whole["components"]["schemas"]).items()
        }

    def _described(self, path: str, method: str) -> dict[str, Any]:
        paths = self.whole["paths"]
        found: dict[str, Any] = (paths.get(path) or paths[path + "/"])[method.lower()]
        return found

    def judge(self, operation: Operation, answer: Response) -> None:
        """Fail unless the operation may answer this."""
        where = f"{operation.method} {operation.path}: {answer.status_code} {answer.text[:500]}"
        allowed = operation.described["responses"]
        assert str(answer.status_code) in allowed, where
        assert answer.headers["X-Request-Id"], where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Cache-Control"] == "no-store", where
        content = allowed[str(answer.status_code)].get("content")
        if content is None:
            assert answer.content == b"", where
            assert "content-type" not in answer.headers, where
            return
        kind = answer.headers["Content-Type"]
        if kind != JSON and answer.is_success and not operation.answers_json:
            assert kind.partition(";")[0] in content, where
            return
        assert kind == JSON, where
        self.judge_value(content["application/json"]["schema"], answer.json(), where)

    def judge_value(self, schema: dict[str, Any], value: Any, where: str) -> None:
        """Fail unless a value fits a schema, with no member more and none less."""
        whole = schema | {"components": {"schemas": self._strict}}
        errors = Draft202012Validator(whole, format_checker=FORMATS).iter_errors(value)
        found = [f"{error.json_path}: {error.message[:300]}" for error in errors]
        assert not found, f"{where}: {found}"


def _strict(schema: dict[str, Any], optional: set[str]) -> dict[str, Any]:
    if "properties" in schema:
        schema["additionalProperties"] = False
        schema["required"] = sorted(schema["properties"].keys() - optional)
    return schema


DOCUMENT = Document(create_app(Settings.model_construct()))
OPERATIONS = list(DOCUMENT.operations.values())


@dataclass
class Everything:
    """A caller with one of everything, who can call each operation."""

    agency: AgencyFake
    workspace: WorkspaceFake
    ids: dict[str, Any]
    held: dict[str, dict[str, str]] = field(default_factory=dict)

    def call(
        self,
        name: str,
        form: str = "{}",
        ids: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """Call an operation by name; its answer must be one that the document allows.

        form: the path asked for, with the operation's own in the place of `{}`.
        """
        operation = DOCUMENT.operations[name]
        path = form.format(operation.at(ids or self.ids_of(operation)))
        sent = self.credentials_for(operation) | (headers or {})
        answer = self.workspace.client.request(operation.method, path, headers=sent, **options)
        DOCUMENT.judge(operation, answer)
        return answer

    def credentials_for(self, operation: Operation) -> dict[str, str]:
        """The headers of a caller that the operation takes."""
        if operation.schemes == ("basic",):
            return self.agency.headers
        if operation.schemes == ("code",):
            return code_headers(self.workspace)
        if operation.schemes == ("link",):
            if "link" not in self.held:
                self.held["link"] = link_headers(self.workspace, self.ids["datasource_name"])
            return self.held["link"]
        if operation.name == "get_embed_session":
            if "frame" not in self.held:
                self.held["frame"] = frame_headers(self.workspace)
            return self.held["frame"]
        return self.workspace.headers

    def ids_of(self, operation: Operation) -> dict[str, Any]:
        """The ids for a path: that of a destination connection goes by the name of connections.

        What is about OAuth asks for a data source that has it.
        """
        if "/destinations/" in operation.path:
            return self.ids | {"connection_id": self.ids["destination_connection_id"]}
        if _OF_OAUTH.search(operation.path) and self.ids["datasource_name"] == "file_import":
            return self.ids | {"datasource_name": "demo_ads"}
        return self.ids
