"""The permission catalogue is whole, in one order everywhere, and on its page."""

import runpy

import pytest

from architecture.house import ROOT
from headrace.access import rights
from headrace.access.catalogue import CATALOGUE
from headrace.access.permissions import (
    ALL_PERMISSIONS,
    SYSTEM_ROLES,
    VIEWER,
    Permission,
    with_views,
)

ENTRIES = [entry for layer in CATALOGUE for entry in layer.entries]


def test_the_page_is_fresh() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "write_permissions_page.py"))["page"]()
    assert (ROOT / "docs" / "permissions.md").read_text() == page, "run: make permissions-page"


def test_every_permission_is_described_once_under_its_layer() -> None:
    assert [entry.permission for entry in ENTRIES] == [*Permission]
    for layer in CATALOGUE:
        assert {entry.permission.layer for entry in layer.entries} == {layer.code}
        assert layer.entries[0].permission.verb == "view"
    titles = [entry.title for entry in ENTRIES]
    assert len(set(titles)) == len(titles)


def test_the_catalogue_is_that_of_the_contract() -> None:  # contract 7.2
    assert {
        layer.code: [entry.permission.verb for entry in layer.entries] for layer in CATALOGUE
    } == {
        "connection": ["view", "create", "edit", "delete"],
        "extract": ["view", "create", "edit", "delete", "run"],
        "data_table": ["view", "edit", "delete"],
        "destination": ["view", "create", "edit", "delete"],
        "load": ["view", "create", "edit", "delete", "run"],
        "transform": ["view", "create", "edit", "delete", "run"],
        "dashboard": ["view", "create", "edit", "delete"],
        "webhook": ["view", "manage"],
        "workspace": ["view", "edit", "manage_users"],
        "admin": ["view", "manage_roles", "manage_workspaces"],
    }


@pytest.mark.parametrize("code", SYSTEM_ROLES)
def test_system_roles_stay_within_a_workspace_and_see_what_they_touch(code: str) -> None:
    permissions = SYSTEM_ROLES[code].permissions
    assert with_views(permissions) == permissions
    assert not [item for item in permissions if item.layer == "admin"]
    if not SYSTEM_ROLES[code].is_internal:
        assert permissions >= VIEWER.permissions


def test_ids_of_system_roles_are_constant() -> None:
    # Rows of other tables, and integrations, point at them: add to this list, change nothing in it.
    assert {code: role.id for code, role in SYSTEM_ROLES.items()} == {
        "viewer": 1, "editor": 2, "workspace_admin": 3, "data_manager": 4, "data_load_manager": 5,
        "data_analyst": 6, "impersonation": 7, "guest_viewer": 8,
    }  # fmt: skip


def test_rights_from_roles() -> None:
    run = {Permission.LOAD_VIEW, Permission.LOAD_RUN}
    assert rights.of_role(None, ["load.run"]) == run
    assert rights.of_role("viewer", ["load.run"]) == VIEWER.permissions  # by its code alone
    assert rights.of_role("of a later release", ["load.run"]) == set()
    assert rights.in_workspace(True, None, None) == ALL_PERMISSIONS
    assert rights.in_workspace(False, None, None) is None
    assert rights.in_workspace(False, None, []) == set()
    held = [frozenset(run), frozenset({Permission.ADMIN_MANAGE_ROLES})]
    assert rights.in_agency(held) == {Permission.ADMIN_VIEW, Permission.ADMIN_MANAGE_ROLES}
    assert rights.in_agency([]) == {Permission.ADMIN_VIEW}
