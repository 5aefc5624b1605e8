"""Whoever answers for an endpoint hears that it was disabled: by mail, and on the pages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake, carry_out_all
from fakes.mail_server import MailServerFake, mail_server
from fakes.receiver import Receiver, Reply
from fakes.visitors import signed_in
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.rest.resources import Resources
from headrace.settings import Settings
from headrace.webhooks import jobs
from webhooks.conftest import Hooks

PATH = "/api/v3/webhook_endpoints/"


@pytest.fixture
def mails(
    tmp_path: Path, resources: Resources, settings: Settings, workspace: WorkspaceFake
) -> Iterator[MailServerFake]:
    """A mail server, and `workspace` on a Headrace that hands its mail to it."""
    with mail_server(tmp_path) as fake:
        given = {
            "smtp_url": f"smtp+plain://127.0.0.1:{fake.port}",
            "mail_from": "Acme Data <no-reply@example.com>",
        }
        mailing = settings.model_validate(settings.model_dump() | given)
        workspace.resources = replace(resources, settings=mailing)
        workspace.client = TestClient(create_app(mailing, workspace.resources))
        yield fake


def _disabled(hooks: Hooks, receiver: Receiver) -> int:
    """An endpoint that has just said that it is gone."""
    made = hooks.verified(receiver.url(path="/in?key=of-the-receiver"), "load_completed")
    receiver.planned = [Reply(410)]
    hooks.happen()
    hooks.dispatch()
    assert hooks.read(made)["status"] == "disabled"
    return int(made["id"])


def test_the_chief_is_told_once_by_mail(
    mails: MailServerFake, hooks: Hooks, agency: AgencyFake, receiver: Receiver
) -> None:
    agency.member(hooks.workspace, "viewer")  # who answers for nothing hears nothing
    made = _disabled(hooks, receiver)
    assert mails.mails == []  # the dispatcher does not wait for mail servers
    carry_out_all(hooks.workspace.resources)
    hooks.dispatch()
    carry_out_all(hooks.workspace.resources)
    assert len(mails.mails) == 1
    mail = mails.sent_to(agency.username)
    assert "Webhooks to 127.0.0.1 have stopped" in mail["Subject"]
    said = mail.get_content()
    assert "answered 410" in said
    assert said.strip().endswith(f"/workspaces/{hooks.workspace.id}/webhooks/{made}")
    assert "of-the-receiver" not in said


def test_no_mail_about_what_works_again(
    mails: MailServerFake, hooks: Hooks, receiver: Receiver
) -> None:
    made = _disabled(hooks, receiver)
    hooks.workspace.post(f"{PATH}{made}/verify/", status=200)
    carry_out_all(hooks.workspace.resources)
    assert mails.mails == []
    assert _runs(hooks) == ["succeeded"]


def test_a_mail_server_that_was_away_gets_it_later(
    mails: MailServerFake, hooks: Hooks, receiver: Receiver
) -> None:
    _disabled(hooks, receiver)
    mails.refuse_with = "451 come again"
    carry_out_all(hooks.workspace.resources)
    mails.refuse_with = ""
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))
    carry_out_all(hooks.workspace.resources)
    assert len(mails.mails) == 1
    assert _runs(hooks) == ["succeeded"]


def test_a_mail_that_is_refused_ends_there(
    mails: MailServerFake, hooks: Hooks, receiver: Receiver
) -> None:
    mails.refuse_with = "550 no such user"
    _disabled(hooks, receiver)
    carry_out_all(hooks.workspace.resources)
    assert _runs(hooks) == ["failed"]


def test_without_a_mail_server_nothing_waits_for_one(hooks: Hooks, receiver: Receiver) -> None:
    _disabled(hooks, receiver)
    assert _runs(hooks) == []


def test_the_pages_say_so(
    hooks: Hooks, agency: AgencyFake, workspace: WorkspaceFake, receiver: Receiver
) -> None:
    visitor = signed_in(workspace, agency.username)
    says = "nothing is sent to it until it is verified again"
    hooks.verified(receiver.url(), "load_failed")
    assert says not in visitor.get("/webhooks").text
    made = _disabled(hooks, receiver)
    assert says in visitor.get("/webhooks").text
    page = visitor.get(f"/webhooks/{made}").text
    assert "answered 410" in page


def _runs(hooks: Hooks) -> list[str]:
    with transaction(hooks.workspace.resources.sessions) as session:
        found = session.scalars(
            text("SELECT status FROM run WHERE kind = :kind"), {"kind": jobs.MAIL}
        )
        return list(found)
