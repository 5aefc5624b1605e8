"""Callers of the API with verbs: an agency's program, and one workspace's."""

import uuid
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from headrace.access import service as access
from headrace.access.models import User
from headrace.db.engine import transaction
from headrace.rest.resources import Resources
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks
from headrace.tenancy.models import Agency
from headrace.worker import run as _registers_the_kinds  # noqa: F401

PASSWORD = "correct horse battery"


def basic(username: str, password: str = PASSWORD) -> dict[str, str]:
    """The header of Basic credentials."""
    return {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}


@dataclass
class WorkspaceFake:
    """A program that works in one workspace with a bearer token.

    username: of the user whose token it is, for their Basic credentials; empty if it does not matter.
    """

    client: TestClient
    resources: Resources
    id: int
    headers: dict[str, str]
    username: str = ""

    def call(self, method: str, path: str, **options: Any) -> Response:
        return self.client.request(method, path, headers=self.headers, **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        answer = self.call("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def run_everything(self) -> None:
        """Do what the worker does until nothing is due."""
        carry_out_all(self.resources)


def carry_out_all(resources: Resources) -> None:
    """Admit and carry out due runs, one after another, until nothing is due."""
    while True:
        with transaction(resources.sessions) as session:
            scheduling.fire_schedules(session)
            if not scheduling.admit(session, resources):
                return
            jobs = take_jobs(session)
        for job in jobs:
            run_tasks.carry_out(resources, **job)


def take_jobs(session: Any) -> list[dict[str, Any]]:
    """Take the deferred jobs out of the engine's table, as a worker would fetch them."""
    rows = session.execute(text("DELETE FROM procrastinate_jobs RETURNING args, id"))
    return [row.args for row in sorted(rows, key=lambda row: row.id)]


@dataclass
class AgencyFake:
    """A program that holds an agency's Basic credentials."""

    client: TestClient
    resources: Resources
    agency_id: int
    username: str
    made: list[int] = field(default_factory=list)

    @classmethod
    def create(cls, resources: Resources, client: TestClient) -> "AgencyFake":
        name = f"agency-{uuid.uuid4().hex[:8]}"
        with transaction(resources.sessions) as session:
            chief = access.create_agency(session, name, f"{name}@example.com", PASSWORD)
            return cls(client, resources, chief.agency_id, chief.username)

    @property
    def headers(self) -> dict[str, str]:
        return basic(self.username)

    def call(self, method: str, path: str, **options: Any) -> Response:
        return self.client.request(method, path, headers=self.headers, **options)

    def new_workspace(self, title: str | None = None) -> WorkspaceFake:
        answer = self.call(
            "POST", "/api/v3/workspaces", json={"title": title or f"ws-{uuid.uuid4().hex[:8]}"}
        )
        assert answer.status_code == 201, answer.text
        workspace_id = answer.json()["id"]
        return self.enter(workspace_id, self.headers)

    def enter(self, workspace_id: int, headers: dict[str, str]) -> WorkspaceFake:
        """Mint a token with some Basic credentials and act in the workspace with it."""
        answer = self.client.post(
            "/api/v3/token", json={"workspace_id": workspace_id}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        return WorkspaceFake(self.client, self.resources, workspace_id, bearer)

    def member(self, workspace: WorkspaceFake, role: str) -> WorkspaceFake:
        """Make a user with a role in a workspace, and act there as them.

        role: a system role's code, or the title of a role of the agency.
        """
        name = f"user-{uuid.uuid4().hex[:8]}@example.com"
        with transaction(self.resources.sessions) as session:
            user: User = access.create_user(session, self.agency_id, name, PASSWORD)
            access.grant(session, user, workspace.id, role)
        entered = self.enter(workspace.id, basic(name))
        entered.username = name
        return entered

    def grant(self, member: WorkspaceFake, workspace: WorkspaceFake, role: str) -> None:
        """Give a member a role in this or another workspace of the agency."""
        with transaction(self.resources.sessions) as session:
            user = access.user_named(session, member.username)
            access.grant(session, user, workspace.id, role)

    def set_flag(self, flag: str, is_on: bool) -> None:
        """Switch what the agency may use, as the operator does."""
        with transaction(self.resources.sessions) as session:
            agency = session.get_one(Agency, self.agency_id)
            access.set_flag(session, agency, access.AgencyFlag(flag), is_on)
