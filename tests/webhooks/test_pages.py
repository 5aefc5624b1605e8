"""The pages of webhook endpoints, as forms send them, with a real receiver."""

import re

import pytest
from httpx import Response

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.receiver import Receiver
from fakes.visitors import Visitor, signed_in
from webhooks.conftest import Hooks


@pytest.fixture
def visitor(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return signed_in(workspace, agency.username)


def _path(answer: Response, visitor: Visitor) -> str:
    assert answer.status_code == 303, answer.text
    return re.sub(r"\?.*", "", answer.headers["Location"]).removeprefix(visitor.base)


def test_a_receiver_by_forms_alone(visitor: Visitor, hooks: Hooks, receiver: Receiver) -> None:
    form = {"url": receiver.url(), "event_types": "load_completed", "extended_retries": "true"}
    here = _path(visitor.post("/webhooks/new", form), visitor)
    page = visitor.get(here).text
    assert "Not verified" in page
    secret = re.search(r"<pre>([0-9a-f]{64})</pre>", page)
    assert secret is not None
    assert secret[1] not in visitor.get("/webhooks").text  # S28
    assert visitor.post(here + "/test").status_code == 409
    visitor.post(here + "/verify")
    assert "Active" in visitor.get(here).text
    visitor.post(here + "/test")
    hooks.dispatch()
    page = visitor.get(here).text
    assert "Delivered" in page
    delivery = re.search(r'href="[^"]*(/deliveries/\d+)"', page)
    assert delivery is not None
    first = receiver.deliveries[-1]
    visitor.post(delivery[1] + "/redeliver")
    hooks.dispatch()
    assert len(receiver.deliveries) >= 2
    key = "X-Improvado-Idempotency-Key"
    assert receiver.deliveries[-1].header(key) == first.header(key)
    assert "load_completed" in visitor.get(delivery[1]).text
    visitor.post(here + "/secret", {})
    assert secret[1] not in visitor.get(here).text
    saved = visitor.post(here + "/edit", form | {"event_types": ["load_failed"]})
    assert _path(saved, visitor) == here
    assert "load_failed" in visitor.get(here).text
    refused = visitor.post(here + "/edit", form | {"url": "http://example.com/"})
    assert refused.status_code == 400
    assert _path(visitor.post(here + "/delete"), visitor) == "/webhooks"
    assert visitor.get(here).status_code == 404


def test_who_may_only_look_sees_no_secret(  # S28
    agency: AgencyFake, workspace: WorkspaceFake, hooks: Hooks, receiver: Receiver
) -> None:
    made = hooks.register(receiver.url(), "load_completed")
    guest = signed_in(workspace, agency.member(workspace, "viewer").username)
    page = guest.get(f"/webhooks/{made['id']}")
    if page.status_code == 200:
        assert made["secret"] not in page.text
        assert "Delete this receiver" not in page.text
    assert guest.post(f"/webhooks/{made['id']}/delete").status_code == 403


def test_another_workspace_sees_no_receiver(  # S01
    visitor: Visitor, agency: AgencyFake, hooks: Hooks, receiver: Receiver
) -> None:
    made = hooks.register(receiver.url(), "load_completed")
    elsewhere = signed_in(agency.new_workspace(), agency.username)
    assert elsewhere.get(f"/webhooks/{made['id']}").status_code == 404
    assert elsewhere.post(f"/webhooks/{made['id']}/delete").status_code == 404
    assert visitor.get(f"/webhooks/{made['id']}").status_code == 200
