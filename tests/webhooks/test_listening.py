"""`headrace webhooks listen`: a receiver that proves itself, verifies, prints and forwards."""

import json
from pathlib import Path

import pytest

from fakes.receiver import Receiver
from headrace.events.catalogue import EVENT_TYPES
from headrace.rest.errors import AppError
from headrace.webhooks import listening
from kit.test_outbound import Server
from webhooks.conftest import Hooks


def test_it_learns_the_secret_verifies_and_forwards(
    hooks: Hooks, receiver: Receiver, tmp_path: Path
) -> None:
    said: list[str] = []
    program = Server()
    forward_to = f"{program.url}/202"
    try:
        with listening.listener(tmp_path, "127.0.0.1", 0, "", forward_to, said.append) as running:
            resources = hooks.workspace.resources
            policy = resources.policy.__class__(
                resources.policy.allowed_private_hosts, str(running.certificate)
            )
            object.__setattr__(resources, "policy", policy)
            made = hooks.verified(f"https://127.0.0.1:{running.port}/", "load_completed")
            hooks.happen(rows=7)
            hooks.dispatch()
    finally:
        program.close()
    assert "challenge answered" in said[0]
    assert "load_completed" in said[1]
    assert "forwarded: 202" in said[1]
    assert json.loads(said[2])["data"]["rows"] == "7"
    assert made["secret"] not in "".join(said)
    ((method, path, headers),) = program.asked
    assert (method, path) == ("POST", "/202")
    assert "webhook-signature" in {name.lower() for name in headers}
    (logged,) = hooks.log()
    assert (logged["status"], logged["response_status"]) == ("delivered", 202)


def test_strangers_are_turned_away(hooks: Hooks, tmp_path: Path) -> None:
    said: list[str] = []
    with listening.listener(tmp_path, "127.0.0.1", 0, "0" * 64, "", said.append) as running:
        resources = hooks.workspace.resources
        policy = resources.policy.__class__(
            resources.policy.allowed_private_hosts, str(running.certificate)
        )
        object.__setattr__(resources, "policy", policy)
        made = hooks.register(f"https://127.0.0.1:{running.port}/", "load_completed")
        path = f"/api/v3/webhook_endpoints/{made['id']}/verify/"
        assert hooks.workspace.call("POST", path).status_code == 400
    assert said == ["challenge refused: this is no challenge for this endpoint"]


def test_samples_happen_where_they_can(hooks: Hooks) -> None:
    with hooks.workspace.resources.sessions() as session, session.begin():
        listening.publish_sample(session, hooks.workspace.id, "load_failed")
        for workspace_id, name in ((hooks.workspace.id, "invented"), (2**40, "load_failed")):
            with pytest.raises(AppError):
                listening.publish_sample(session, workspace_id, name)
    assert "load_failed" in EVENT_TYPES
