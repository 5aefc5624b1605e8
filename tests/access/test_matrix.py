"""Every role at every operation: let in or refused exactly as the route declares."""

from typing import Any

import pytest
from fastapi.routing import APIRoute

from fakes.callers import AgencyFake, WorkspaceFake, basic
from headrace.access import authentication, rights
from headrace.access.guards import Guard
from headrace.access.permissions import SYSTEM_ROLES, Permission
from headrace.app import create_app
from headrace.rest.openapi import api_routes, guard_of
from headrace.settings import Settings

APP = create_app(Settings.model_construct())
ROUTES = [(route, method) for route in api_routes(APP.routes) for method in route.methods or ()]
NOWHERE = 2**53
CUSTOM = {
    "Hosts": frozenset({Permission.WORKSPACE_VIEW, Permission.WORKSPACE_MANAGE_USERS}),
    "Nothing": frozenset[Permission](),
    "Founds": frozenset({Permission.ADMIN_VIEW, Permission.ADMIN_MANAGE_WORKSPACES}),
    "Hires": frozenset({Permission.ADMIN_VIEW, Permission.ADMIN_MANAGE_ROLES}),
}
"""Roles of an agency's own: titles and permissions."""
ROLES = {code: role.permissions for code, role in SYSTEM_ROLES.items()} | CUSTOM


def _declared(scheme: str) -> list[tuple[APIRoute, str, Guard]]:
    """The operations that take a kind of credentials and ask for a permission."""
    found = [(route, method, guard_of(route)) for route, method in ROUTES]
    return [each for each in found if each[2].permission is not None and scheme in each[2].schemes]


def _path(route: APIRoute) -> str:
    """A path of the operation at which there is nothing."""
    path = route.path
    for name in route.param_convertors:
        value = "nothing" if name.endswith("_name") else str(NOWHERE)
        path = path.replace(f"{{{name}}}", value)
    return path


def _call(caller: Any, route: APIRoute, method: str, headers: dict[str, str]) -> Any:
    # Nothing that is sent can be carried out: who may is asked before what is wanted.
    body = None if method == "GET" else {}
    return caller.client.request(method, _path(route), headers=headers, json=body)


@pytest.fixture
def own_roles(agency: AgencyFake) -> None:
    """The agency's own roles."""
    for title, permissions in CUSTOM.items():
        layers: dict[str, list[str]] = {}
        for permission in permissions:
            layers.setdefault(permission.layer, []).append(permission.verb)
        body = {"title": title, "permissions": layers}
        answer = agency.call("POST", "/api/v3/roles/", json=body)
        assert answer.status_code == 201, answer.text


def test_the_matrix_covers_the_api() -> None:
    assert len(_declared("bearer")) > 60
    assert len(_declared("basic")) > 15
    asked = {guard.permission for _, _, guard in _declared("bearer") + _declared("basic")}
    assert len(asked) > 20


@pytest.mark.parametrize("role", [*SYSTEM_ROLES, "Nothing", "Hosts"])
def test_each_role_at_each_operation(  # S18
    role: str, agency: AgencyFake, workspace: WorkspaceFake, own_roles: None
) -> None:
    member = agency.member(workspace, role)
    wrong = []
    for route, method, guard in _declared("bearer"):
        answer = _call(member, route, method, member.headers)
        is_refused = answer.status_code == 403
        if is_refused is (guard.permission in ROLES[role]) or answer.status_code >= 500:
            wrong.append(f"{method} {route.path}: {answer.status_code} {answer.text}")
        elif is_refused and str(guard.permission) not in answer.json()["details"]:
            wrong.append(f"{method} {route.path}: {answer.text}")
    assert not wrong


@pytest.mark.parametrize("role", ["viewer", "workspace_admin", "impersonation", *CUSTOM])
def test_each_role_at_each_operation_of_the_agency(  # S18, S19
    role: str, agency: AgencyFake, workspace: WorkspaceFake, own_roles: None
) -> None:
    member = agency.member(workspace, role)
    allowed = rights.in_agency([ROLES[role]])
    wrong = []
    for route, method, guard in _declared("basic"):
        answer = _call(member, route, method, basic(member.username))
        is_chiefs = guard._check in {
            authentication.chief_scope, authentication.administrator_scope,
        }  # fmt: skip
        may = guard.permission in allowed and not is_chiefs
        if (answer.status_code == 403) is may or answer.status_code >= 500:
            wrong.append(f"{method} {route.path}: {answer.status_code} {answer.text}")
    assert not wrong


def test_the_chief_may_everything(agency: AgencyFake, workspace: WorkspaceFake) -> None:  # S18
    refused = [
        f"{method} {route.path}: {answer.text}"
        for scheme, headers in (("bearer", workspace.headers), ("basic", agency.headers))
        for route, method, _ in _declared(scheme)
        if (answer := _call(agency, route, method, headers)).status_code in {401, 403, 500}
    ]
    assert not refused


def test_a_workspaces_token_opens_nothing_of_the_agency(  # S19
    workspace: WorkspaceFake,
) -> None:
    for route, method, guard in _declared("basic"):
        if guard.schemes == ("basic",):
            answer = _call(workspace, route, method, workspace.headers)
            assert answer.status_code == 401, route.path
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_credentials_of_an_agency_open_no_workspace(agency: AgencyFake) -> None:
    for route, method, guard in _declared("bearer"):
        if "basic" not in guard.schemes:
            assert _call(agency, route, method, agency.headers).status_code == 401, route.path
