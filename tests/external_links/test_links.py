"""Links for people outside: one use, fourteen days, revocable, and nothing but one form behind them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, text, update

from fakes.callers import AgencyFake, WorkspaceFake, carry_out_all
from fakes.mail_server import MailServerFake, mail_server
from fakes.pipelines import ROWS, connect_file
from headrace.access.models import User
from headrace.app import create_app
from headrace.connections.models import Connection
from headrace.db.engine import transaction
from headrace.external_links import queries
from headrace.external_links.models import ExternalAuthLink
from headrace.kit import clock
from headrace.kit.sealing import token_digest
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.tenancy.models import Agency

LINKS = "/api/v3/datasources/file_import/external-auth-links"
HOLD = "/api/v3/external-auth"


def ask(workspace: WorkspaceFake, **body: Any) -> dict[str, Any]:
    """Make one link that is delivered by hand."""
    made: list[dict[str, Any]] = workspace.post(LINKS, {"send_email": False} | body)
    assert len(made) == 1
    return made[0]


def holding(link: dict[str, Any]) -> dict[str, str]:
    """The header of whoever opens the link's URL."""
    secret = str(link["url"]).partition("#link=")[2]
    return {"Authorization": f"Link {secret}"}


def give(client: TestClient, link: dict[str, Any], file: Path) -> Response:
    """Give what the link asks for: here the place of a file."""
    body = {"settings": {"url": file.as_uri()}}
    return client.post(HOLD, headers=holding(link), json=body)


def listed(workspace: WorkspaceFake) -> list[dict[str, Any]]:
    """The links of the workspace as it sees them."""
    found: list[dict[str, Any]] = workspace.get(LINKS)["results"]
    return found


@pytest.fixture
def file(settings: Settings) -> Path:
    """A file that can be connected."""
    path = settings.file_import_roots[0] / "rows.csv"
    path.write_text(ROWS)
    return path


def test_a_link_makes_one_connection(  # S55
    client: TestClient, workspace: WorkspaceFake, file: Path, resources: Resources
) -> None:
    link = ask(workspace)
    assert link["status"] == "pending"
    assert link["url"].startswith("http://testserver/connect#link=")
    for _ in range(3):  # a mail scanner's look, and a person's
        assert client.get(HOLD, headers=holding(link)).status_code == 200
    done = give(client, link, file)
    assert done.status_code == 200, done.text
    assert done.json() == {"status": "used", "datasource_name": "file_import"}
    assert give(client, link, file).status_code == 401
    assert client.get(HOLD, headers=holding(link)).status_code == 401
    made = workspace.get("/api/v3/datasources/file_import/connections")["results"]
    assert [item["status"] for item in made] == ["active"]
    (after,) = listed(workspace)
    assert (after["status"], after["connection_id"]) == ("used", made[0]["id"])
    assert after["used_at"] is not None
    assert after["url"] is None
    with transaction(resources.sessions) as session:
        kept = session.scalars(select(Connection).where(Connection.id == made[0]["id"])).one()
        assert str(kept.external_auth_link_id) == link["id"]
        chief = session.scalars(
            select(User.id).where(User.agency_id == _agency(session, workspace))
        )
        assert kept.created_by == chief.one()


def _agency(session: Any, workspace: WorkspaceFake) -> int:
    found: int = session.scalar(
        text("SELECT agency_id FROM workspace WHERE id = :id"), {"id": workspace.id}
    )
    return found


def test_what_the_source_refuses_spends_nothing(
    client: TestClient, workspace: WorkspaceFake, file: Path
) -> None:
    link = ask(workspace)
    refused = give(client, link, file.with_name("missing.csv"))
    assert refused.status_code == 400
    assert client.post(HOLD, headers=holding(link), json={}).status_code == 400
    assert listed(workspace)[0]["status"] == "pending"
    assert give(client, link, file).status_code == 200


def test_a_link_reconnects(client: TestClient, workspace: WorkspaceFake, file: Path) -> None:
    connection = connect_file(workspace, file)
    link = ask(workspace, connection_id=connection["id"])
    assert client.get(HOLD, headers=holding(link)).json()["is_reconnect"] is True
    moved = file.with_name("moved.csv")
    moved.write_text(ROWS)
    assert give(client, link, moved).status_code == 200
    (kept,) = workspace.get("/api/v3/datasources/file_import/connections")["results"]
    assert kept["id"] == connection["id"]
    assert listed(workspace)[0]["connection_id"] == connection["id"]


def test_a_link_to_a_deleted_connection_is_dead(
    client: TestClient, workspace: WorkspaceFake, file: Path
) -> None:
    connection = connect_file(workspace, file)
    link = ask(workspace, connection_id=connection["id"])
    workspace.call("DELETE", f"/api/v3/connections/{connection['id']}")
    assert give(client, link, file).status_code == 401


def test_of_two_at_once_one_connects(  # S55
    settings: Settings, committed_database: str, file: Path
) -> None:
    own = open_resources(settings, committed_database, threads=4)
    with TestClient(create_app(settings, own)) as served:
        workspace = AgencyFake.create(own, served).new_workspace()
        link = ask(workspace)
        start, statuses = threading.Barrier(4), []

        def bring() -> None:
            start.wait()
            statuses.append(give(served, link, file).status_code)

        racers = [threading.Thread(target=bring) for _ in range(4)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(statuses) == [200, 401, 401, 401]
        assert workspace.get("/api/v3/datasources/file_import/connections")["count"] == 1
    own.engine.dispose()


# What ends a link.


def test_a_link_lives_fourteen_days(client: TestClient, workspace: WorkspaceFake) -> None:  # S55
    link = ask(workspace)

    def status(**passed: float) -> int:
        with clock.shifted(timedelta(**passed)):
            return client.get(HOLD, headers=holding(link)).status_code

    assert [status(days=13.99), status(days=14.01)] == [200, 401]


def test_a_revoked_link_is_dead(client: TestClient, workspace: WorkspaceFake) -> None:  # S55
    link = ask(workspace)
    revoked = workspace.post(f"{LINKS}/{link['id']}/revoke", status=200)
    assert revoked["status"] == "revoked"
    assert client.get(HOLD, headers=holding(link)).status_code == 401
    again = workspace.call("POST", f"{LINKS}/{link['id']}/revoke")
    assert again.status_code == 400
    assert "revoked" in again.json()["details"]


def test_used_links_cannot_be_revoked(
    client: TestClient, workspace: WorkspaceFake, file: Path
) -> None:
    link = ask(workspace)
    give(client, link, file)
    assert workspace.call("POST", f"{LINKS}/{link['id']}/revoke").status_code == 400


@pytest.mark.parametrize("loss", ["is_active", "role", "flag"])
def test_a_link_dies_with_the_rights_it_stands_on(  # S25
    loss: str,
    client: TestClient,
    agency: AgencyFake,
    workspace: WorkspaceFake,
    resources: Resources,
) -> None:
    link = ask(agency.member(workspace, "editor"))
    assert client.get(HOLD, headers=holding(link)).status_code == 200
    statements = {
        "is_active": update(User).where(~User.is_chief).values(is_active=False),
        "role": text("UPDATE membership SET role_id = 1"),
        "flag": update(Agency).values(external_auth=False),
    }
    with transaction(resources.sessions) as session:
        session.execute(statements[loss])
    assert client.get(HOLD, headers=holding(link)).status_code == 401


def test_links_vanish_two_weeks_after_their_last_activity(
    client: TestClient, workspace: WorkspaceFake, file: Path, resources: Resources
) -> None:
    used, revoked, pending = ask(workspace), ask(workspace), ask(workspace)
    give(client, used, file)
    workspace.post(f"{LINKS}/{revoked['id']}/revoke", status=200)

    def left(days: float) -> list[str]:
        with clock.shifted(timedelta(days=days)), transaction(resources.sessions) as session:
            queries.delete_over(session, clock.now())
            found = session.scalars(select(ExternalAuthLink.id)).all()
        return sorted(map(str, found))

    assert left(13.9) == sorted(item["id"] for item in (used, revoked, pending))
    assert left(14.1) == [pending["id"]]
    assert left(27.9) == [pending["id"]]
    assert left(28.1) == []


def test_what_is_over_is_not_listed(
    client: TestClient, workspace: WorkspaceFake, resources: Resources, file: Path
) -> None:
    used, pending = ask(workspace), ask(workspace)
    give(client, used, file)
    with transaction(resources.sessions) as session:
        session.execute(
            text(
                "UPDATE external_auth_link SET used_at = used_at - interval '15 days', "
                "expires_at = expires_at - interval '15 days'"
            )
        )
    (kept,) = listed(workspace)
    assert (kept["id"], kept["status"]) == (pending["id"], "expired")


# Who may make them, and who sees what.


def test_only_a_digest_is_kept(workspace: WorkspaceFake, resources: Resources) -> None:  # S34 S55
    link = ask(workspace)
    secret = holding(link)["Authorization"].removeprefix("Link ")
    with transaction(resources.sessions) as session:
        kept = session.scalars(select(ExternalAuthLink)).one()
        assert kept.digest == token_digest(secret)
        assert secret not in str(vars(kept))
    replayed = workspace.client.get(HOLD, headers={"Authorization": f"Link {kept.digest}"})
    assert replayed.status_code == 401


def test_the_holder_sees_one_form_and_nothing_else(  # S56
    client: TestClient, workspace: WorkspaceFake, agency: AgencyFake
) -> None:
    link = ask(workspace, message="<b>Please</b>")
    seen = client.get(HOLD, headers=holding(link)).json()
    assert seen["requested_by"] == agency.username
    assert seen["message"] == "<b>Please</b>"
    assert seen["datasource"]["name"] == "file_import"
    assert seen.keys() == {
        "requested_by", "agency_title", "message", "is_reconnect", "expires_at", "datasource",
    }  # fmt: skip
    secret = holding(link)["Authorization"].removeprefix("Link ")
    for scheme in ("Link", "Bearer", "Code"):
        headers = {"Authorization": f"{scheme} {secret}"}
        for path in ("/api/v3/extracts", LINKS, "/api/v3/embed/session", "/api/v3/datasources"):
            assert client.get(path, headers=headers).status_code == 401, (scheme, path)
    for value in ("", "Link", "Link x", secret, workspace.headers["Authorization"]):
        assert client.get(HOLD, headers={"Authorization": value}).status_code == 401
    assert client.get(f"{HOLD}?link={secret}").status_code == 401  # S39


def test_links_of_others_are_not_there(  # S01 S16
    workspace: WorkspaceFake, other_workspace: WorkspaceFake, file: Path
) -> None:
    link, connection = ask(workspace), connect_file(workspace, file)
    foreign = other_workspace.call("POST", f"{LINKS}/{link['id']}/revoke")
    assert foreign.status_code == 404
    assert listed(other_workspace) == []
    stolen = {"send_email": False, "connection_id": connection["id"]}
    assert other_workspace.call("POST", LINKS, json=stolen).status_code == 404
    elsewhere = LINKS.replace("file_import", "facebook")
    assert workspace.call("POST", f"{elsewhere}/{link['id']}/revoke").status_code == 404
    assert workspace.call("POST", elsewhere, json=stolen).status_code == 404
    assert workspace.get(elsewhere)["count"] == 0
    assert listed(workspace)[0]["status"] == "pending"


def test_an_agency_without_the_flag_asks_nobody(  # S20
    workspace: WorkspaceFake, resources: Resources
) -> None:
    link = ask(workspace)
    with transaction(resources.sessions) as session:
        session.execute(update(Agency).values(external_auth=False))
    refused = [
        workspace.call("POST", LINKS, json={"send_email": False}),
        workspace.call("GET", LINKS),
        workspace.call("POST", f"{LINKS}/{link['id']}/revoke"),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert workspace.call("GET", "/api/v3/extracts").status_code == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "1 to 50 recipients"),
        ({"emails": ["a@example.com"]}, "HEADRACE_SMTP_URL"),
        ({"emails": ["nobody"], "send_email": False}, "nobody"),
        ({"emails": ["a@b.com\r\nBcc: c@d.com"], "send_email": False}, "mail address"),
        ({"emails": [f"a{n}@b.com" for n in range(51)], "send_email": False}, "50"),
        ({"message": "x" * 2001, "send_email": False}, "2000"),
    ],
)
def test_what_cannot_be_asked(body: dict[str, Any], says: str, workspace: WorkspaceFake) -> None:
    answer = workspace.call("POST", LINKS, json=body)
    assert answer.status_code == 400
    assert says in answer.json()["details"]
    assert listed(workspace) == []


def test_each_recipient_has_a_link_of_their_own(workspace: WorkspaceFake) -> None:
    emails = ["b@example.com", "a@example.com", "B@example.com"]
    made = workspace.post(LINKS, {"emails": emails, "send_email": False})
    assert [item["email"] for item in made] == ["b@example.com", "a@example.com"]
    assert len({item["url"] for item in made}) == 2
    assert {item["mail_status"] for item in listed(workspace)} == {"none"}


# Mail.


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


def test_a_mail_brings_the_link(
    mails: MailServerFake, workspace: WorkspaceFake, agency: AgencyFake, resources: Resources
) -> None:
    (link,) = workspace.post(LINKS, {"emails": ["client@example.com"], "message": "Grüße!\n"})
    assert link["mail_status"] == "queued"
    secret = holding(link)["Authorization"].removeprefix("Link ")
    with transaction(resources.sessions) as session:
        waiting = session.scalars(select(ExternalAuthLink)).one()
        assert secret not in str(vars(waiting))
    workspace.run_everything()
    assert listed(workspace)[0]["mail_status"] == "sent"
    mail = mails.sent_to("client@example.com")
    assert mail["From"] == "Acme Data <no-reply@example.com>"
    assert mail["Subject"] == f"{agency.username} asks you to connect File import"
    text_of_mail = mail.get_content()
    assert link["url"] in text_of_mail
    assert "Grüße!" in text_of_mail
    assert agency.username in text_of_mail
    with transaction(resources.sessions) as session:
        session.expire_all()
        assert session.scalars(select(ExternalAuthLink.sealed_secret)).one() is None


def test_a_revoked_link_is_not_mailed(mails: MailServerFake, workspace: WorkspaceFake) -> None:
    (link,) = workspace.post(LINKS, {"emails": ["client@example.com"]})
    workspace.post(f"{LINKS}/{link['id']}/revoke", status=200)
    workspace.run_everything()
    assert mails.mails == []


def test_a_mail_that_is_refused_says_so(mails: MailServerFake, workspace: WorkspaceFake) -> None:
    mails.refuse_with = "550 no such user"
    (link,) = workspace.post(LINKS, {"emails": ["client@example.com"]})
    workspace.run_everything()
    (after,) = listed(workspace)
    assert (after["mail_status"], after["status"]) == ("failed", "pending")
    assert "no such user" in after["mail_error"]
    assert workspace.client.get(HOLD, headers=holding(link)).status_code == 200


def test_a_mail_server_that_was_away_gets_it_later(
    mails: MailServerFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    mails.refuse_with = "451 come again"
    workspace.post(LINKS, {"emails": ["client@example.com"]})
    workspace.run_everything()
    assert listed(workspace)[0]["mail_status"] == "queued"
    mails.refuse_with = ""
    with transaction(resources.sessions) as session:
        session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))
    carry_out_all(workspace.resources)
    assert listed(workspace)[0]["mail_status"] == "sent"
    assert len(mails.mails) == 1
