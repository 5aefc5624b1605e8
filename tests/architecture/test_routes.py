"""Every operation says who may call it, is described, and is in the document."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from headrace.access.guards import Guard
from headrace.access.permissions import Permission
from headrace.app import create_app
from headrace.pages.guards import PageGuard
from headrace.pages.page_route import PageRoute
from headrace.rest.api_route import ApiRoute
from headrace.rest.openapi import api_routes, build, guard_of
from headrace.settings import Settings

PUBLIC = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/embed/connect",
    "/console/login",
    "/console/logout",
    "/console/setup",
    "/embed.js",
    "/embed.d.ts",
    "/embed/messages.json",
    "/connect",
    "/connect/ended",
    "/oauth/{datasource_name}/callback",
    "/datasources/{datasource_name}/icon.svg",
    "/assets/{given_version}/{name}",
    "/charts/{link}.{form}",
    "/branding/{name}",
}
"""What anyone may ask; the demo network is mounted beside and guards itself."""

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The application, without a database."""
    return create_app(Settings.model_construct())


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    """Its OpenAPI document."""
    return build(app)


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_every_operation_declares_who_may(app: FastAPI) -> None:  # S18
    routes = list(api_routes(app.routes))
    assert len(routes) > 40
    open_ones = [f"{route.methods} {route.path}" for route in routes if guard_of(route) is None]
    assert not open_ones, f"declare allows(...): {open_ones}"
    for route in routes:
        guard = guard_of(route)
        assert isinstance(guard, Guard)
        assert guard.permission is None or guard.permission in Permission
        # What a URL brings once, an iframe's or a link's, is taken in its own operations alone.
        alone = {("basic",), ("code",), ("link",)}
        assert "cookie" in guard.schemes or guard.schemes in alone


def test_every_operation_is_carried_out_by_the_one_route(app: FastAPI) -> None:  # F46, S100
    others = [
        f"{route.methods} {route.path}"
        for route in api_routes(app.routes)
        if not isinstance(route, ApiRoute)
    ]
    assert not others, f"give their router route_class=ApiRoute: {others}"


def test_every_change_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    lacking = [
        name
        for name, operation in _operations(document).items()
        if ("Idempotency-Key" in {item["name"] for item in operation.get("parameters", [])})
        == name.startswith("GET ")
    ]
    assert not lacking


def test_what_is_not_documented_is_a_page_or_public_or_mounted(app: FastAPI) -> None:  # S97
    documented = {route.path for route in api_routes(app.routes)}
    contexts = list(iter_route_contexts(app.routes))
    guarded = {
        context.path
        for context in contexts
        if isinstance(context.original_route, PageRoute) and guard_of(context.original_route)
    }
    assert guarded
    paths = {context.path for context in contexts}
    mounts = {route.path for route in app.routes if isinstance(route, Mount)}
    assert paths - documented - guarded - mounts - {"", None} == PUBLIC


def test_every_page_is_one(app: FastAPI) -> None:
    guarded = [route for route in _all_routes(app) if isinstance(route, APIRoute)]
    guarded = [route for route in guarded if isinstance(guard_of(route), PageGuard)]
    others = [route.path for route in guarded if not isinstance(route, PageRoute)]
    assert not others, f"make their router with page_router(): {others}"


def _all_routes(app: FastAPI) -> list[Any]:
    return [context.original_route for context in iter_route_contexts(app.routes)]


def test_the_document_lists_what_is_routed(  # S97
    app: FastAPI, document: dict[str, Any]
) -> None:
    routed = {
        f"{method} {route.path_format}"
        for route in api_routes(app.routes)
        for method in route.methods or ()
    }
    listed = {name.rstrip("/") for name in _operations(document)}
    aliases = {name for name in listed if " /api/v3.1/" in name}
    assert listed - aliases == routed
    assert {name.replace("/api/v3.1/", "/api/v3/") for name in aliases} <= routed
    assert aliases == {"POST /api/v3.1/extracts"}


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    ids = []
    for name, operation in _operations(document).items():
        ids.append(operation["operationId"])
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name
        assert operation["security"], name
        assert {"401", "403", "500"} <= operation["responses"].keys(), name
        if "422" in operation["responses"]:  # of the idempotency key, not the framework's own
            assert "/Error" in str(operation["responses"]["422"]), name
        if "{" in name:
            assert "404" in operation["responses"], name
    assert len(ids) == len(set(ids))


def test_every_body_and_answer_has_an_example(document: dict[str, Any]) -> None:
    lacking = []
    for name, operation in _operations(document).items():
        bodies = {"request": operation.get("requestBody", {})}
        bodies |= {
            status: answer for status, answer in operation["responses"].items() if status < "300"
        }
        for what, body in bodies.items():
            contents = body.get("content", {}).values()
            if any(item.get("schema") and "example" not in item for item in contents):
                lacking.append(f"{name} {what}")
    assert not lacking


def test_parameters_are_described(document: dict[str, Any]) -> None:
    bare = [
        f"{name} {parameter['name']}"
        for name, operation in _operations(document).items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert not bare


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    errors = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert not errors


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    """A client of an application whose database is not there."""
    return TestClient(app, raise_server_exceptions=False)


def test_a_fault_shows_an_id_and_nothing_else(client: TestClient) -> None:  # S95
    answer = client.get("/api/v3/workspaces", headers={"X-Request-Id": "request-1"})
    assert answer.status_code == 500
    assert answer.json() == {"details": "Internal error", "request_id": "request-1"}
    assert answer.headers["X-Request-Id"] == "request-1"


def test_no_other_site_is_invited(client: TestClient) -> None:  # S95
    answer = client.options(
        "/api/v3/workspaces",
        headers={"Origin": "https://evil.test", "Access-Control-Request-Method": "GET"},
    )
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/api/v3/nothing", 404),
        ("GET", "/api/v3/token", 405),
        ("TRACE", "/api/v3/token", 405),
        ("BREW", "/api/v3/token", 405),
    ],
)
def test_what_else_is_asked(  # S26, S96
    method: str, path: str, status: int, client: TestClient
) -> None:
    answer = client.request(method, path, headers={"X-HTTP-Method-Override": "POST"})
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["Allow"] == "POST"
    if status in {404, 405}:
        assert set(answer.json()) == {"details"}
    if path == "/healthz":
        assert answer.json() == {"status": "ok"}
