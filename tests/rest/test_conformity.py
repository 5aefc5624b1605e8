"""Every operation answers what the document says it answers: statuses, members, types, headers."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from jsonschema import Draft202012Validator

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake, connect_file
from headrace.app import create_app
from headrace.rest.body_limit import MAX_BODY_BYTES
from headrace.settings import Settings
from rest.published import FORMATS, Document, Operation

APP: FastAPI = create_app(Settings.model_construct())
DOCUMENT = Document(APP)
OPERATIONS = list(DOCUMENT.operations.values())
NAMES = {"datasource_name": "file_import", "destination_name": "duckdb"}


@dataclass
class Everything:
    """A caller with one of everything, who can call each operation."""

    agency: AgencyFake
    workspace: WorkspaceFake
    ids: dict[str, Any]

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
        caller = self.agency if operation.schemes == ("basic",) else self.workspace
        sent = caller.headers | (headers or {})
        answer = caller.client.request(operation.method, path, headers=sent, **options)
        DOCUMENT.judge(operation, answer)
        return answer

    def ids_of(self, operation: Operation) -> dict[str, Any]:
        """The ids for a path: that of a destination connection goes by the name of connections."""
        if "/destinations/" in operation.path:
            return self.ids | {"connection_id": self.ids["destination_connection_id"]}
        return self.ids


@pytest.fixture
def everything(agency: AgencyFake, pipeline: PipelineFake) -> Everything:
    """One of everything."""
    workspace = pipeline.workspace
    more = {"workspace_id": workspace.id, "template_id": pipeline.template_id}
    return Everything(agency, workspace, NAMES | pipeline.ids() | more)


def _steps(pipeline: PipelineFake) -> list[tuple[str, int, Any]]:
    """Each operation once, with its status and body, in an order that works; None lets work end."""
    file = {"settings": {"url": pipeline.file.as_uri()}}
    off = {"enabled_for_embedded_extraction": True}
    table = {"title": "Renamed", "selected_fields": ["day", "campaign", "spend"]}
    load = {
        "data_table_id": pipeline.data_table_id,
        "destination_connection_id": pipeline.destination_id,
        "destination_table": "second",
        "run_policy": "schedule",
        "scheduling": {"interval": "week", "days": 6},
    }
    extracts = {
        "data_table_title": "Second",
        "template_id": pipeline.template_id,
        "accounts": [pipeline.account_id],
        "template_settings": {"scheduling": [{"date_range": {"type": "max"}}]},
    }
    path = {"path": "other.duckdb"}
    reads = [
        (name, 200, None)
        for name, operation in DOCUMENT.operations.items()
        if operation.method == "GET"
    ]
    return [
        ("create_token", 200, {"workspace_id": pipeline.workspace.id}),
        ("create_session", 200, None),
        ("create_workspace", 201, {"title": "Another"}),
        ("update_workspace", 200, {"title": "Renamed", "description": "d", "id": 7}),
        ("create_connection", 201, file),
        ("reauthorize_connection", 200, file | {"title": "Renamed"}),
        ("", 0, None),
        ("check_connection", 200, None),
        ("refresh_accounts", 200, None),
        ("refresh_accounts", 409, None),
        ("", 0, None),
        ("update_accounts", 200, {"accounts": [{"id": pipeline.account_id} | off]}),
        ("update_account", 200, off),
        ("create_extracts", 201, extracts),
        ("", 0, None),
        ("replace_extract", 200, {}),
        ("update_extract", 200, {"scheduling": [{"interval": "month", "days": 30}]}),
        ("run_extract", 200, None),
        ("run_extract", 409, {}),
        ("", 0, None),
        ("pause_extract", 200, None),
        ("run_extract", 400, None),
        ("unpause_extract", 200, None),
        ("update_data_table", 200, table),
        ("create_destination_connection", 201, {"title": "d", "conenctions_params": path}),
        ("update_destination_connection", 200, {"create_load_for_new_tables": True}),
        ("reauthorize_destination_connection", 200, {"connections_params": path}),
        ("recheck_destination_connection", 409, None),
        ("", 0, None),
        ("recheck_destination_connection", 200, None),
        ("", 0, None),
        ("create_load", 201, load),
        ("update_load", 200, {"run_policy": "manual"}),
        ("run_load", 200, {"full": True}),
        ("run_load", 409, None),
        ("", 0, None),
        ("pause_load", 200, None),
        ("run_load", 400, None),
        ("unpause_load", 200, None),
        *reads,
        ("delete_load", 204, None),
        ("delete_load", 404, None),
        ("delete_extract", 204, None),
        ("delete_connection", 204, None),
        ("delete_connection_of_datasource", 404, None),
    ]


def test_every_operation_answers_as_documented(
    everything: Everything, pipeline: PipelineFake
) -> None:  # S97
    called = set()
    for name, status, body in _steps(pipeline):
        if not name:
            everything.workspace.run_everything()
            continue
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = everything.call(name, **options)
        assert answer.status_code == status, f"{name}: {answer.text}"
        called.add(name)
    assert called == DOCUMENT.operations.keys()
    again = connect_file(everything.workspace, pipeline.file)
    everything.ids["connection_id"] = again["id"]
    assert everything.call("delete_connection_of_datasource").status_code == 204
    everything.ids["datasource_name"] = "nothing"
    assert everything.call("delete_connection_of_datasource").status_code == 400


def test_lists_hold_what_details_hold(everything: Everything) -> None:
    for list_name, get_name in (
        ("list_extracts", "get_extract"),
        ("list_loads", "get_load"),
        ("list_workspaces", "get_workspace"),
        ("list_destination_connections", "get_destination_connection"),
        ("list_templates", "get_template"),
    ):
        listed = everything.call(list_name).json()["results"]
        detail = everything.call(get_name).json()
        same = next(item for item in listed if item["id"] == detail["id"])
        assert same == {key: detail[key] for key in same}, list_name


def test_both_slash_forms_answer_alike(everything: Everything) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET":
            plain = everything.call(operation.name)
            for form in ("{}/", "{}///"):
                slashed = everything.call(operation.name, form)
                assert slashed.status_code == plain.status_code == 200, operation.path
                assert slashed.history == []
                assert slashed.json() == plain.json(), operation.path


def test_version_31_leads_to_the_same(everything: Everything) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET":
            path = operation.at(everything.ids_of(operation)).replace("/v3/", "/v3.1/") + "/"
            caller: Any = everything.workspace
            if operation.schemes == ("basic",):
                caller = everything.agency
            answer = caller.call("GET", path)
            DOCUMENT.judge(operation, answer)
            assert answer.json() == everything.call(operation.name).json(), path


def test_without_credentials_each_names_its_scheme(everything: Everything) -> None:
    client = everything.workspace.client
    for operation in OPERATIONS:
        path = operation.at(everything.ids_of(operation))
        for query in ("", "?token=abc&access_token=abc&workspace_id=1"):  # S39
            answer = client.request(operation.method, path + query)
            DOCUMENT.judge(operation, answer)
            assert answer.status_code == 401, operation.path
            scheme = answer.headers["WWW-Authenticate"].split()[0]
            assert scheme.lower() in operation.schemes


BROKEN_BODIES = [
    (b'{"title": "a', "application/json", 400),
    (b"\xff\xfe\x00", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"9" * 5000, "application/json", 400),
    (b'{"a":' * 100_000, "application/json", 400),
    (b"title=a", "application/x-www-form-urlencoded", 415),
    (b"{}", "", 415),
    (b" " * MAX_BODY_BYTES + b"{}", "application/json", 413),
]


def test_broken_bodies_are_refused(everything: Everything) -> None:  # S89
    taken = [operation.name for operation in OPERATIONS if operation.takes_body]
    assert len(taken) > 15
    for name in taken:
        for body, kind, status in BROKEN_BODIES:
            headers = {"Content-Type": kind} if kind else {}
            answer = everything.call(name, content=body, headers=headers)
            assert answer.status_code == status, f"{name} {body[:20]!r}: {answer.text[:200]}"


def test_free_forms_have_a_depth(everything: Everything) -> None:  # S86, S89
    for levels in (40, 400, 900):
        deep = b'{"a":' * levels + b"1" + b"}" * levels
        body = b'{"settings": ' + deep + b"}"
        headers = {"Content-Type": "application/json"}
        answer = everything.call("create_connection", content=body, headers=headers)
        assert answer.status_code == 400, levels
        assert "deep" in answer.json()["details"]


def test_a_body_that_does_not_say_its_length_is_limited_too(agency: AgencyFake) -> None:  # S89
    pieces = (b" " * 65_536 for _ in range(17))
    headers = agency.headers | {"Content-Type": "application/json"}
    answer = agency.client.post("/api/v3/workspaces", headers=headers, content=pieces)
    assert answer.status_code == 413
    assert set(answer.json()) == {"details"}


UNFIT = ('"\\ud800"', '"a\\u0000b"', "NaN", "1e999", "-Infinity", "1" + "0" * 300, '{"\\udfff": 1}')


def test_values_that_cannot_be_kept_are_refused(everything: Everything) -> None:
    free_forms = {
        "create_connection": '{"settings": {"url": "file:///x", "x": %s}}',
        "reauthorize_connection": '{"credentials": {"x": [%s]}}',
        "create_destination_connection": '{"connection_params": {"path": "a.duckdb", "x": %s}}',
        "reauthorize_destination_connection": '{"conenctions_params": {"path": %s}}',
        "update_extract": '{"additional_params": {"x": {"y": %s}}}',
    }
    headers = {"Content-Type": "application/json"}
    for name, template in free_forms.items():
        for value in UNFIT:
            answer = everything.call(name, content=template % value, headers=headers)
            assert answer.status_code == 400, f"{name}: {answer.text}"
            assert "holds" in answer.json()["details"]


WRONG_IDS = ("0", "-1", "x", "1.0", "1_0", "+1", "%201", "٣", str(2**63), "9" * 5000)


def test_ids_that_cannot_be_are_not_found(everything: Everything) -> None:
    for operation in OPERATIONS:
        ids = everything.ids_of(operation)
        body: dict[str, Any] = {"json": []} if operation.takes_body else {}
        for name, value in ids.items():
            if f"{{{name}}}" not in operation.path or isinstance(value, str):
                continue
            for wrong in WRONG_IDS:
                answer = everything.call(operation.name, ids=ids | {name: wrong}, **body)
                assert answer.status_code == 404, f"{operation.path} {wrong[:20]}"
                assert answer.json() == {"details": "Not found."}


PAGES = [
    ("page=1", 200),
    ("page=01&page_size=001", 200),
    ("page_size=1000000000", 200),
    ("page_size=" + "9" * 5000, 200),
    ("page=2", 404),
    ("page=1000000000", 404),
    ("page=" + "9" * 5000, 404),
    ("page=0", 404),
    ("page=-1", 404),
    ("page=x", 404),
    ("page=", 404),
    ("page=1.0", 404),
    ("page_size=0", 404),
    ("page_size=-1", 404),
    ("page_size=text", 404),
]


def test_pages_keep_their_bounds(everything: Everything) -> None:  # S88
    lists = [operation.name for operation in OPERATIONS if operation.takes_pages]
    assert len(lists) > 10
    for name in lists:
        for query, status in PAGES:
            first, second = (everything.call(name, "{}?" + query) for _ in range(2))
            assert first.status_code == status, f"{name} {query[:20]}"
            assert first.content == second.content
            if status == 404:
                assert first.json() == {"details": "Invalid page."}


def test_pages_link_to_their_neighbours(agency: AgencyFake) -> None:
    for number in range(3):
        agency.new_workspace(f"w{number}")
    path = "/api/v3.1/workspaces/?page_size=1&unknown=a%20b"
    seen = []
    while path:
        page = agency.call("GET", path).json()
        seen += page["results"]
        assert page["count"] == 3
        assert (page["previous"] is None) == (len(seen) == 1)
        path = page["next"]
        assert path is None or path.startswith("http://testserver/api/v3.1/workspaces/?page_size=1")
        assert path is None or "unknown=a%20b" in path or "unknown=a+b" in path
    assert [item["id"] for item in seen] == sorted({item["id"] for item in seen})


ODD_METHODS = ("BREW", "TRACE", "CONNECT", "PROPFIND", "OPTIONS", "HEAD")


def test_other_methods_name_those_there_are(everything: Everything) -> None:  # S26
    by_path: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, set()).add(operation.method)
    headers = {"X-HTTP-Method-Override": "GET", "X-Method-Override": "DELETE"}
    for operation in OPERATIONS:
        path = operation.at(everything.ids_of(operation))
        for method in ODD_METHODS:
            answer = everything.workspace.client.request(method, path, headers=headers)
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) >= by_path[operation.path]
            assert answer.headers["X-Request-Id"]
            if method != "HEAD":
                assert set(answer.json()) == {"details"}


def test_line_breaks_in_titles_stay_in_titles(everything: Everything) -> None:  # S84
    title = "Acme\r\nSet-Cookie: dts_session_id=1\r\n\r\n<script>"
    answer = everything.call("create_workspace", json={"title": title})
    assert answer.json()["title"] == title
    assert "set-cookie" not in answer.headers
    renamed = everything.call("update_data_table", json={"title": title})
    assert renamed.json()["title"] == title
    refused = everything.call("create_workspace", json={"title": title})
    assert refused.status_code == 400
    assert "set-cookie" not in refused.headers


def test_what_would_be_hidden_is_not_quietly_stored(everything: Everything) -> None:
    body = {
        "data_table_title": "Hashed",
        "template_id": everything.ids["template_id"],
        "accounts": [everything.ids["account_id"]],
    }
    for name, value in (("hashed_fields", ["campaign"]), ("custom_filters", [{"field": "x"}])):
        settings = {"template_settings": {name: value}}
        answer = everything.call("create_extracts", json=body | settings)
        assert answer.status_code == 400
        assert name in answer.json()["details"]
    nothing: dict[str, Any] = {"template_settings": {"hashed_fields": [], "custom_filters": None}}
    assert everything.call("create_extracts", json=body | nothing).status_code == 201


def test_examples_fit_their_schemas() -> None:
    components = {"components": {"schemas": DOCUMENT.whole["components"]["schemas"]}}
    wrong = []
    for operation in OPERATIONS:
        bodies = [operation.described.get("requestBody", {})]
        bodies += operation.described["responses"].values()
        for body in bodies:
            for content in body.get("content", {}).values():
                judge = Draft202012Validator(content["schema"] | components, format_checker=FORMATS)
                if "example" in content:
                    wrong += [
                        f"{operation.name} {error.json_path}: {error.message[:200]}"
                        for error in judge.iter_errors(content["example"])
                    ]
    assert not wrong
