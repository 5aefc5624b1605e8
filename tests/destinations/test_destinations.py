"""Destination connections through the API: creating, showing, changing, checking, refusing."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake, take_jobs
from fakes.memory_loader import MemoryLoader
from headrace.db.engine import transaction
from headrace.destinations import service
from headrace.destinations.models import DestinationConnection
from headrace.kit.outcomes import Reauthorize, TryLater
from headrace.kit.sealing import CannotOpen
from headrace.loaders.registry import loaders
from headrace.rest.resources import Resources
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks

PATH = "/api/v3/destinations/memory/connections"
PARAMS = {"place": "here", "password": "p4ssw0rd"}


def create(workspace: WorkspaceFake, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = workspace.post(PATH, {"connection_params": PARAMS} | body)
    return made


def shown(workspace: WorkspaceFake, connection_id: str) -> dict[str, Any]:
    found: dict[str, Any] = workspace.get(f"{PATH}/{connection_id}")
    return found


# --- the catalogue ---


def test_every_loader_is_listed_with_its_form(workspace: WorkspaceFake) -> None:
    listed = workspace.get("/api/v3/destinations")

    assert [item["name"] for item in listed["results"]] == list(loaders())
    for item in listed["results"]:
        spec = loaders()[item["name"]].spec
        info = item["info"]
        assert info["category"] == spec.category
        assert info["supported_load_modes"] == [mode.value for mode in spec.write_modes]
        names = [param["name"] for param in info["connection_params"]]
        assert names == [param.name for param in spec.params] + ["load_mode"]


def test_selects_carry_their_options(memory: MemoryLoader, workspace: WorkspaceFake) -> None:
    listed = workspace.get("/api/v3/destinations")["results"]
    (item,) = [each for each in listed if each["name"] == "memory"]
    params = {param["name"]: param for param in item["info"]["connection_params"]}

    assert [each["value"] for each in params["color"]["params"]["options"]] == ["red", "blue"]
    assert params["password"]["secret"]
    assert params["port"]["params"] == {}
    assert params["load_mode"]["initial_value"] == "replace"


def test_the_catalogue_asks_for_credentials(client: TestClient) -> None:
    assert client.get("/api/v3/destinations").status_code == 401


# --- creating and showing ---


@pytest.mark.parametrize(
    "spelling", ["connection_params", "connections_params", "conenctions_params"]
)
def test_a_connection_is_created_and_checked(
    spelling: str, memory: MemoryLoader, workspace: WorkspaceFake
) -> None:  # A2
    made = workspace.post(
        PATH, {"title": "Mine", "destination_name": "memory", spelling: PARAMS | {"port": "7"}}
    )

    assert made["status"] == "initializing"
    assert (made["title"], made["destination"]["name"]) == ("Mine", "memory")
    assert made["is_editable"]
    assert not made["create_load_for_new_tables"]
    assert "connection_params" not in made
    assert str(uuid.UUID(made["id"])) == made["id"]

    workspace.run_everything()

    (access,) = memory.accesses
    assert access.params == PARAMS | {"port": 7}
    found = shown(workspace, made["id"])
    assert (found["status"], found["error_text"]) == ("active", None)
    assert found["connection_params"] == {
        "place": "here",
        "password": "********",
        "port": 7,
        "load_mode": "replace",
    }


def test_a_connection_that_does_not_work_says_why_at_once(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:  # F22
    memory.problem = TryLater("The server does not answer; is it running?")
    made = create(workspace)

    workspace.run_everything()

    found = shown(workspace, made["id"])
    assert found["status"] == "error"
    assert found["error_text"] == "The server does not answer; is it running?"
    assert len(memory.accesses) == 1


def test_parameters_are_not_in_lists_and_not_in_the_database(
    memory: MemoryLoader, workspace: WorkspaceFake, session: Session
) -> None:  # S29 S65
    made = create(workspace, create_load_for_new_tables=True)

    listed = workspace.call("GET", PATH)

    assert listed.json()["count"] == 1
    assert listed.json()["results"] == [made]
    assert "connection_params" not in listed.json()["results"][0]
    kept = session.execute(text("SELECT row_to_json(c)::text FROM destination_connection c"))
    assert all("p4ssw0rd" not in row for (row,) in kept)


def test_sealed_parameters_open_in_no_other_row(
    memory: MemoryLoader, workspace: WorkspaceFake, session: Session, resources: Resources
) -> None:  # S66
    one, other = create(workspace), create(workspace)
    moved = session.get_one(DestinationConnection, uuid.UUID(one["id"]))
    moved.params = session.get_one(DestinationConnection, uuid.UUID(other["id"])).params

    with pytest.raises(CannotOpen):
        service.open_access(resources, moved)


def test_titles_may_be_left_out_or_alike(memory: MemoryLoader, workspace: WorkspaceFake) -> None:
    assert [create(workspace)["title"] for _ in range(2)] == ["Memory", "Memory"]
    assert workspace.get(PATH)["count"] == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"connection_params": {"place": "here"}}, "password: Password is required."),
        ({}, "place: Place is required."),
        ({"connection_params": PARAMS | {"port": "x"}}, "port: must be a whole number."),
        ({"connection_params": PARAMS | {"color": "x"}}, "color: must be one of red, blue."),
        ({"connection_params": [1]}, "connection_params"),
        ({"connection_params": PARAMS, "destination_name": "s3"}, "destination_name: is 's3'"),
        ({"connection_params": PARAMS, "title": "x" * 256}, "title"),
    ],
)
def test_a_bad_form_is_refused(
    body: dict[str, Any], words: str, memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    answer = workspace.call("POST", PATH, json=body)

    assert answer.status_code == 400
    assert words in answer.json()["details"]
    assert workspace.get(PATH)["count"] == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_destination_is_refused(method: str, workspace: WorkspaceFake) -> None:
    answer = workspace.call(method, "/api/v3/destinations/nowhere/connections", json={})
    assert answer.status_code == 400
    assert answer.json() == {"details": "Destination with this name does not exist"}


# --- changing ---


def test_title_and_automation_are_changed_without_a_check(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    made = create(workspace)
    workspace.run_everything()

    answer = workspace.call(
        "PATCH", f"{PATH}/{made['id']}", json={"title": "New", "status": "error", "id": "x"}
    )  # S27

    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["status"]) == ("New", "active")
    assert not answer.json()["create_load_for_new_tables"]
    answer = workspace.call(
        "PATCH", f"{PATH}/{made['id']}", json={"create_load_for_new_tables": True}
    )
    assert (answer.json()["title"], answer.json()["create_load_for_new_tables"]) == ("New", True)
    assert len(memory.accesses) == 1


def test_new_parameters_are_checked_and_a_masked_secret_stays(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    made = create(workspace)
    workspace.run_everything()

    answer = workspace.call(
        "PUT",
        f"{PATH}/{made['id']}",
        json={"title": "Moved", "connection_params": {"place": "there", "password": "********"}},
    )

    assert (answer.json()["status"], answer.json()["title"]) == ("initializing", "Moved")
    workspace.run_everything()
    assert shown(workspace, made["id"])["status"] == "active"
    assert memory.accesses[-1].params == {"place": "there", "password": "p4ssw0rd", "port": 1}


def test_parameters_that_are_refused_leave_the_old_ones(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    made = create(workspace)
    workspace.run_everything()

    answer = workspace.call("PUT", f"{PATH}/{made['id']}", json={"connection_params": {"port": 3}})

    assert answer.status_code == 400
    found = shown(workspace, made["id"])
    assert found["status"] == "active"
    assert found["connection_params"]["place"] == "here"


def test_a_recheck_asks_again(memory: MemoryLoader, workspace: WorkspaceFake) -> None:
    made = create(workspace)
    memory.problem = Reauthorize("The password is no longer good.")
    workspace.run_everything()
    memory.problem = None

    answer = workspace.call("PUT", f"{PATH}/{made['id']}/recheck")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error_text"]) == ("initializing", None)
    workspace.run_everything()
    assert shown(workspace, made["id"])["status"] == "active"


def test_one_check_at_a_time(memory: MemoryLoader, workspace: WorkspaceFake) -> None:
    made = create(workspace)

    answer = workspace.call("PUT", f"{PATH}/{made['id']}/recheck")

    assert answer.status_code == 409
    assert "is being checked" in answer.json()["details"]


def test_an_answer_about_replaced_parameters_is_not_recorded(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    made = create(workspace)
    good, memory.problem = {"place": "there", "password": "new"}, Reauthorize("Wrong password.")

    def replace_meanwhile() -> None:
        memory.during_check = lambda: None
        answer = workspace.call("PUT", f"{PATH}/{made['id']}", json={"connection_params": good})
        assert answer.status_code == 200

    memory.during_check = replace_meanwhile
    run_one_check(workspace)
    assert shown(workspace, made["id"])["status"] == "initializing"

    memory.problem = None
    workspace.run_everything()
    assert shown(workspace, made["id"])["status"] == "active"
    assert memory.accesses[-1].params["password"] == "new"


def run_one_check(workspace: WorkspaceFake) -> None:
    """Carry out the one run that waits."""
    with transaction(workspace.resources.sessions) as session:
        assert scheduling.admit(session, workspace.resources) == 1
        (job,) = take_jobs(session)
    run_tasks.carry_out(workspace.resources, **job)


def test_a_connection_managed_elsewhere_is_not_changed(
    memory: MemoryLoader, workspace: WorkspaceFake, session: Session
) -> None:
    made = create(workspace)
    session.get_one(DestinationConnection, uuid.UUID(made["id"])).is_editable = False
    session.commit()

    for method in ("PATCH", "PUT"):
        answer = workspace.call(method, f"{PATH}/{made['id']}", json={"title": "Mine now"})
        assert answer.status_code == 403
    found = shown(workspace, made["id"])
    assert (found["title"], found["is_editable"]) == ("Memory", False)


# --- who may ---

Call = Callable[[WorkspaceFake, str], Response]
OF_ONE: dict[str, Call] = {
    "get": lambda who, one: who.call("GET", f"{PATH}/{one}"),
    "patch": lambda who, one: who.call("PATCH", f"{PATH}/{one}", json={"title": "Stolen"}),
    "put": lambda who, one: who.call("PUT", f"{PATH}/{one}", json={"title": "Stolen"}),
    "recheck": lambda who, one: who.call("PUT", f"{PATH}/{one}/recheck"),
}


@pytest.mark.parametrize("name", OF_ONE)
def test_foreign_and_missing_connections_are_alike(
    name: str, memory: MemoryLoader, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:  # S01 S16
    made = create(workspace)
    workspace.run_everything()

    foreign = OF_ONE[name](other_workspace, made["id"])

    missing = OF_ONE[name](other_workspace, str(uuid.uuid4()))
    opaque = OF_ONE[name](other_workspace, "no-uuid-at-all")
    assert foreign.status_code == missing.status_code == opaque.status_code == 404
    assert foreign.json() == missing.json() == opaque.json()
    assert shown(workspace, made["id"])["title"] == "Memory"
    assert other_workspace.get(PATH)["count"] == 0


def test_a_connection_is_not_under_another_destination(
    memory: MemoryLoader, workspace: WorkspaceFake
) -> None:
    made = create(workspace)
    answer = workspace.call("GET", f"/api/v3/destinations/duckdb/connections/{made['id']}")
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["post", "patch", "put", "recheck"])
def test_a_viewer_looks_and_does_not_touch(
    name: str, memory: MemoryLoader, agency: AgencyFake, workspace: WorkspaceFake
) -> None:  # S18
    made = create(workspace)
    viewer = agency.member(workspace, "viewer")

    if name == "post":
        answer = viewer.call("POST", PATH, json={"connection_params": PARAMS})
    else:
        answer = OF_ONE[name](viewer, made["id"])

    assert answer.status_code == 403
    assert shown(viewer, made["id"])["title"] == "Memory"
    assert viewer.get(PATH)["count"] == 1
