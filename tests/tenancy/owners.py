"""An agency and its workspace with one of everything that has an id, made through the API."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import accounts_of, new_pipeline

AGENCYS_OWN = {"role_id", "template_id", "recipe_id", "other_recipe_id", "step_id"}
"""Ids of what an agency shares among its workspaces."""
_STEP = {"name": "rows", "kind": "union", "inputs": [{"input": "file_import_orders"}]}


@dataclass
class OwnerFake:
    """What an owner acts with, and the ids of what is theirs, by the names that requests have."""

    agency: AgencyFake
    workspace: WorkspaceFake
    ids: dict[str, Any]

    def headers(self, schemes: tuple[str, ...]) -> dict[str, str]:
        """Credentials of a kind that an operation takes."""
        return self.workspace.headers if "bearer" in schemes else self.agency.headers


def new_owner(agency: AgencyFake, workspace: WorkspaceFake, folder: Path) -> OwnerFake:
    """Make one of everything in a workspace."""
    pipeline = new_pipeline(workspace, folder)
    ids = pipeline.ids() | {"workspace_id": workspace.id}
    ads = workspace.post("/api/v3/datasources/demo_ads/connections", {"settings": {}})
    account = accounts_of(workspace, ads["id"])[0]
    ids |= {
        "ads_connection_id": ads["id"],
        "ads_account_id": account["id"],
        "ads_remote_id": account["account_id"],
    }
    path = "/api/v3/datasources/demo_ads/authorizations"
    ids["authorization_id"] = workspace.post(path, {})["id"]
    ids |= _templates(workspace) | _people(agency, workspace) | _recipes(agency, workspace)
    wide = {
        "data_table_title": "Wide",
        "template_id": ids["wide_template_id"],
        "accounts": [account["id"]],
        "template_settings": {"fields": ["date", "campaign_id", "spend"]},
    }
    ids["wide_extract_id"] = workspace.post("/api/v3.1/extracts/", wide)[0]["id"]
    shipped = workspace.get("/api/v3/automated-recipe-templates")["results"]
    ids["recipe_template_id"] = next(
        item["id"] for item in shipped if "daily" in item["title"].lower()
    )
    recipe = {
        "template_id": ids["recipe_template_id"],
        "title": "Totals",
        "data_sources": ["demo_ads"],
        "connections": [{"connection_id": ads["id"], "accounts": [account["id"]]}],
    }
    made = workspace.post("/api/v3/automated-recipes", recipe)
    return OwnerFake(agency, workspace, ids | {"automated_recipe_id": made["recipe_id"]})


def _templates(workspace: WorkspaceFake) -> dict[str, Any]:
    path = "/api/v3/datasources/demo_ads/extract-templates"
    listed = workspace.get(path, search="Campaigns by day")["results"]
    parent = next(item["id"] for item in listed if item["title"] == "Campaigns by day")
    wide = next(item for item in workspace.get(path)["results"] if item["is_wide_template"])
    own = {"parent_id": parent, "title": f"Of {workspace.id}", "fields": ["campaign_name", "spend"]}
    return {"wide_template_id": wide["id"], "template_id": workspace.post(path, own)["id"]}


def _people(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, Any]:
    title = f"Runner {workspace.id}"
    body = {"title": title, "permissions": {"load": ["run"]}}
    role = agency.call("POST", "/api/v3/roles/", json=body).json()
    member = agency.member(workspace, title)
    holders = agency.call("GET", f"/api/v3/roles/{role['id']}/users").json()["users"]
    free = f"free-{workspace.id}@example.com"
    agency.call("POST", "/api/v3/users", json={"username": free})
    return {
        "role_id": role["id"],
        "user_id": holders[0]["user_id"],
        "username": member.username,
        "free_username": free,
    }


def _recipes(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, Any]:
    titles = (f"Of {workspace.id}", f"Another of {workspace.id}")
    recipe, other = (
        agency.call("POST", "/api/v3/recipes", json={"title": title, "steps": [_STEP]}).json()
        for title in titles
    )
    path = f"/api/v3/workspaces/{workspace.id}/recipes"
    agency.call("POST", path, json={"recipe_id": recipe["id"]})
    return {
        "recipe_id": recipe["id"],
        "other_recipe_id": other["id"],
        "step_id": recipe["steps"][0]["id"],
    }
