"""Recipes and steps through the API: writing them, and what bad input gets."""

from typing import Any

import pytest

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.kitchens import Kitchen

TABLE = "file_import_orders"
GROUPED: dict[str, Any] = {
    "kind": "group_by",
    "name": "grouped",
    "input": TABLE,
    "keys": ["campaign"],
    "aggregates": [{"function": "sum", "column": "spend"}],
}
BIG: dict[str, Any] = {"kind": "sql", "name": "big", "sql": "SELECT * FROM grouped WHERE spend > 2"}


@pytest.fixture
def bare(agency: AgencyFake, workspace: WorkspaceFake) -> Kitchen:
    """An agency whose workspace has no tables yet."""
    return Kitchen(agency, workspace)


def test_a_recipe_is_written_step_by_step(bare: Kitchen) -> None:
    recipe = bare.send("POST", "/recipes", {"title": "Spend", "description": "By campaign"}, 201)
    path = f"/recipes/{recipe['id']}"
    assert (recipe["state"], recipe["is_active"], recipe["steps"]) == ("new", False, [])
    first = bare.send("POST", f"{path}/steps", GROUPED, 201)
    second = bare.send("POST", f"{path}/steps/", BIG, 201)
    assert (first["position"], second["position"]) == (1, 2)
    assert first["aggregates"] == [{"function": "sum", "column": "spend", "name": None}]
    listed = bare.send("GET", f"{path}/steps")
    assert [item["name"] for item in listed] == ["grouped", "big"]
    found = bare.send("GET", path)
    assert (found["state"], found["steps_count"]) == ("staging", 2)
    assert found["steps"] == listed


def test_what_was_read_can_be_sent_back(bare: Kitchen) -> None:
    recipe = bare.recipe(GROUPED, BIG)
    path = f"/recipes/{recipe['id']}"
    for step in recipe["steps"]:
        again = bare.send("PUT", f"{path}/steps/{step['id']}", step)
        assert again | {"updated_at": None} == step | {"updated_at": None}
    again = bare.send("PUT", path, recipe)
    assert [step["name"] for step in again["steps"]] == ["grouped", "big"]


def test_steps_change_and_go(bare: Kitchen) -> None:
    recipe = bare.recipe(GROUPED, BIG)
    path = f"/recipes/{recipe['id']}/steps"
    grouped, big = (step["id"] for step in recipe["steps"])
    changed = bare.send("PATCH", f"{path}/{grouped}", {"keys": ["day"]})
    assert (changed["keys"], changed["input"]) == (["day"], TABLE)
    union = {"kind": "union", "inputs": [TABLE]}
    changed = bare.send("PATCH", f"{path}/{grouped}", union)
    assert (changed["name"], changed["kind"]) == ("grouped", "union")
    assert "keys" not in changed
    bad = bare.send("PATCH", f"{path}/{grouped}", {"inputs": 3}, 400)
    assert any(name.endswith("inputs") for name in bad["errors"])
    # The second reads the first.
    assert "'big'" in bare.send("DELETE", f"{path}/{grouped}", status=409)["details"]
    bare.send("PATCH", f"{path}/{grouped}", {"name": "other"}, 409)
    bare.send("DELETE", f"{path}/{big}", status=204)
    bare.send("DELETE", f"{path}/{grouped}", status=204)
    assert bare.send("GET", f"/recipes/{recipe['id']}")["state"] == "new"


def test_recipes_are_listed_changed_and_deleted(bare: Kitchen) -> None:
    made = [bare.recipe(GROUPED, title=f"Recipe {number}") for number in range(3)]
    page = bare.send("GET", "/recipes?page_size=2")
    assert (page["count"], len(page["results"])) == (3, 2)
    assert set(page["results"][0]) == {
        "id", "title", "description", "state", "is_active", "steps_count", "created_at",
        "updated_at",
    }  # fmt: skip
    path = f"/recipes/{made[0]['id']}"
    changed = bare.send("PATCH", path, {"description": "new", "date_column": "day"})
    assert (changed["title"], changed["description"]) == ("Recipe 0", "new")
    assert changed["date_column"] == "day"
    replaced = bare.send("PUT", path, {"title": "Other", "steps": [BIG | {"name": "only"}]})
    assert (replaced["description"], replaced["date_column"]) == ("", None)
    assert [step["name"] for step in replaced["steps"]] == ["only"]
    bare.send("DELETE", path, status=204)
    bare.send("GET", path, status=404)
    assert bare.send("GET", "/recipes")["count"] == 2


BAD_STEPS: list[tuple[Any, str]] = [
    ({}, "kind"),
    ({"kind": "cook", "name": "x"}, "kind"),
    (GROUPED | {"name": "Bad Name"}, "name"),
    (GROUPED | {"name": "x" * 64}, "name"),
    (GROUPED | {"keyz": ["a"]}, "keyz"),
    (GROUPED | {"keys": [], "aggregates": []}, "keys"),
    (GROUPED | {"aggregates": [{"function": "median", "column": "spend"}]}, "function"),
    (GROUPED | {"aggregates": [{"function": "sum"}]}, "column"),
    ({"kind": "union", "name": "u", "inputs": []}, "inputs"),
    ({"kind": "union", "name": "u", "inputs": ["a"] * 51}, "inputs"),
    ({"kind": "join", "name": "j", "left": "a", "right": "b", "on": []}, "on"),
    ({"kind": "sql", "name": "s", "sql": "x" * 20_001}, "sql"),
    ({"kind": "sql", "name": "s", "sql": "SELECT * FROM read_csv('/etc/passwd')"}, "read_csv"),
    ({"kind": "sql", "name": "s", "sql": "DROP TABLE ads"}, "SELECT"),
    ({"kind": "sql", "name": "s", "sql": "SELECT 1 AS x; SELECT 2 AS x"}, "one SELECT"),
]


@pytest.mark.parametrize(("step", "word"), BAD_STEPS)
def test_bad_steps_are_refused_in_words(bare: Kitchen, step: Any, word: str) -> None:  # S89
    recipe = bare.recipe()
    answer = bare.send("POST", f"/recipes/{recipe['id']}/steps", step, 400)
    assert word in answer["details"]
    assert bare.send("GET", f"/recipes/{recipe['id']}")["steps_count"] == 0


def test_names_are_taken_once(bare: Kitchen) -> None:
    recipe = bare.recipe(GROUPED, BIG)
    path = f"/recipes/{recipe['id']}/steps"
    assert "'grouped'" in bare.send("POST", path, GROUPED, 400)["details"]
    bare.send("PATCH", f"{path}/{recipe['steps'][1]['id']}", {"name": "grouped"}, 400)
    bare.send("POST", "/recipes", {"title": "Cooked"}, 400)
    bare.send("POST", "/recipes", {"title": "New", "steps": [GROUPED, GROUPED]}, 400)
    twice = [{"name": "a", "sql_name": "x"}, {"name": "a", "sql_name": "y"}]
    bare.send("POST", "/recipes", {"title": "New", "inputs": twice}, 400)
    assert bare.send("GET", "/recipes")["count"] == 1


def test_a_recipe_has_so_many_steps_and_no_more(bare: Kitchen) -> None:
    steps = [GROUPED | {"name": f"s{number}"} for number in range(50)]
    recipe = bare.recipe(*steps)
    answer = bare.send("POST", f"/recipes/{recipe['id']}/steps", GROUPED, 400)
    assert "50" in answer["details"]


def test_what_the_server_sets_cannot_be_sent(bare: Kitchen) -> None:  # S27
    recipe = bare.recipe(GROUPED)
    forged = {"id": 1, "state": "production", "is_active": True, "agency_id": 1, "released": {}}
    changed = bare.send("PATCH", f"/recipes/{recipe['id']}", forged)
    assert (changed["id"], changed["state"], changed["is_active"]) == (
        recipe["id"], "staging", False,
    )  # fmt: skip


def test_nothing_is_activated_without_steps(bare: Kitchen) -> None:
    recipe = bare.recipe()
    assert "steps" in bare.activate(recipe, 409)["details"]
    assert not bare.send("GET", f"/recipes/{recipe['id']}")["is_active"]


def test_another_agency_finds_nothing(  # S01 S07 S16
    kitchen: Kitchen, other_workspace: WorkspaceFake, resources: Any, client: Any
) -> None:
    recipe = kitchen.recipe(GROUPED)
    kitchen.enable(recipe)
    step = recipe["steps"][0]["id"]
    inside = f"/workspaces/{kitchen.workspace.id}/recipes"
    stranger = AgencyFake.create(resources, client)
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/recipes/{recipe['id']}", None),
        ("PUT", f"/recipes/{recipe['id']}", {"title": "stolen"}),
        ("PATCH", f"/recipes/{recipe['id']}", {"title": "stolen"}),
        ("DELETE", f"/recipes/{recipe['id']}", None),
        ("GET", f"/recipes/{recipe['id']}/steps", None),
        ("POST", f"/recipes/{recipe['id']}/steps", BIG),
        ("PUT", f"/recipes/{recipe['id']}/steps/{step}", GROUPED),
        ("PATCH", f"/recipes/{recipe['id']}/steps/{step}", {}),
        ("DELETE", f"/recipes/{recipe['id']}/steps/{step}", None),
        ("POST", f"/recipes/{recipe['id']}/activate", None),
        ("POST", f"/recipes/{recipe['id']}/deactivate", None),
        ("POST", inside, {"recipe_id": recipe["id"]}),
        ("GET", f"{inside}/{recipe['id']}", None),
        ("DELETE", f"{inside}/{recipe['id']}", None),
        ("POST", f"{inside}/{recipe['id']}/build", None),
        ("GET", f"{inside}/{recipe['id']}/runs", None),
    ]
    for method, path, body in calls:
        foreign = stranger.call(method, f"/api/v3{path}", json=body)
        absent_path = path.replace(f"/recipes/{recipe['id']}", f"/recipes/{2**53}")
        absent = stranger.call(method, f"/api/v3{absent_path}", json=body)
        assert foreign.status_code == 404, (method, path)
        assert foreign.json() == absent.json(), (method, path)
    assert stranger.call("GET", "/api/v3/recipes").json()["count"] == 0
    found = kitchen.send("GET", f"/recipes/{recipe['id']}")
    assert (found["title"], found["is_active"], len(found["workspaces"])) == ("Cooked", False, 1)
    # Nor does one's own recipe enter a workspace of others.
    theirs = f"/workspaces/{other_workspace.id}/recipes"
    kitchen.send("POST", theirs, {"recipe_id": recipe["id"]}, 404)


def test_a_workspace_token_does_not_write_recipes(kitchen: Kitchen) -> None:  # S19
    answer = kitchen.workspace.call("GET", "/api/v3/recipes")
    assert answer.status_code == 401
    assert "Basic" in answer.json()["details"]
