"""Webhook endpoints through the API: the contract, the handshake, who may and where to."""

import re
import threading
from typing import Any

import pytest
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake, basic
from fakes.certificates import Authority
from fakes.receiver import Receiver, Reply, receiving
from headrace.db.engine import transaction
from headrace.events.catalogue import EVENT_TYPES
from webhooks.conftest import Hooks

PATH = "/api/v3/webhook_endpoints/"
URL = "https://127.0.0.1:9/hook"


def _refused(hooks: Hooks, url: str, status: int = 400) -> str:
    answer = hooks.workspace.call("POST", PATH, json={"url": url})
    assert answer.status_code == status, answer.text
    details: str = answer.json()["details"]
    return details


def test_a_new_endpoint_has_a_secret_and_is_unverified(hooks: Hooks) -> None:
    made = hooks.register(URL, "load_completed", "load_completed", "not_invented_yet")
    assert re.fullmatch(r"[0-9a-f]{64}", made["secret"])
    assert (made["status"], made["consecutive_failures"]) == ("unverified", 0)
    shown = [(each["event_type_name"], each["is_active"]) for each in made["subscriptions"]]
    assert shown == [("load_completed", True), ("not_invented_yet", False)]
    assert hooks.read(made) == made


def test_event_types_may_be_left_out(hooks: Hooks) -> None:
    assert hooks.register(URL)["subscriptions"] == []
    bare = hooks.workspace.post(PATH, {"url": "https://127.0.0.1:9/other"})
    assert bare["subscriptions"] == []


def test_lists_are_arrays_without_secrets(hooks: Hooks) -> None:  # S28
    first = hooks.register(URL, "load_completed", "load_failed")
    second = hooks.register("https://127.0.0.1:9/second")
    listed = hooks.workspace.get(PATH)
    assert [(each["id"], each["subscriptions_count"]) for each in listed] == [
        (first["id"], 2),
        (second["id"], 0),
    ]
    assert set(listed[0]) == {
        "id", "url", "status", "consecutive_failures", "subscriptions_count", "created_at",
        "updated_at",
    }  # fmt: skip
    assert first["secret"] not in str(listed)


def test_who_asks_for_a_page_gets_one(hooks: Hooks) -> None:
    for number in range(3):
        hooks.register(f"https://127.0.0.1:9/{number}")
    page = hooks.workspace.get(PATH, page_size=2)
    assert (page["count"], len(page["results"])) == (3, 2)
    assert page["next"].endswith("/webhook_endpoints/?page_size=2&page=2")
    assert len(hooks.workspace.get(page["next"])["results"]) == 1
    types = hooks.workspace.get("/api/v3/webhook_event_types/", page=1)
    assert types["count"] == len(EVENT_TYPES)


def test_event_types_have_schemas_and_samples(hooks: Hooks) -> None:
    types = hooks.workspace.get("/api/v3/webhook_event_types/")
    assert [each["name"] for each in types] == list(EVENT_TYPES)
    for each in types:
        assert each["description"].endswith(".")
        assert each["sample"]["type"] == each["name"]
        assert each["payload_schema"]["properties"]["type"] == {"const": each["name"]}


def test_a_url_belongs_to_one_endpoint_of_a_workspace(hooks: Hooks, other_hooks: Hooks) -> None:
    made = hooks.register(URL)
    assert "another endpoint" in _refused(hooks, URL)
    assert other_hooks.register(URL)["url"] == URL
    other = hooks.register("https://127.0.0.1:9/other")
    answer = hooks.workspace.call("PATCH", f"{PATH}{other['id']}/", json={"url": URL})
    assert answer.status_code == 400
    again = hooks.workspace.call("PATCH", f"{PATH}{made['id']}/", json={"url": URL})
    assert again.status_code == 200


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/hook", "https://u:p@127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/",
     "https://metadata.google.internal/", "https://[::1]/", "https://2130706433/"],
)  # fmt: skip
def test_forbidden_urls_are_refused_at_once(url: str, hooks: Hooks) -> None:  # S71, S72, S73
    assert _refused(hooks, url).startswith("url: ")
    assert hooks.workspace.get(PATH) == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "unix:///run/postgresql/.s.PGSQL.5432", "gopher://127.0.0.1:25/_HELO",
     "sftp://127.0.0.1/in", "https+unix://%2Frun%2Fdocker.sock/", "https://10.0.0.1:8443/hook"],
)  # fmt: skip
def test_other_ways_out_are_refused_when_changed_too(url: str, hooks: Hooks) -> None:  # S79
    made = hooks.register(URL)
    assert _refused(hooks, url).startswith("url: ")
    changed = hooks.workspace.call("PATCH", f"{PATH}{made['id']}/", json={"url": url})
    assert changed.status_code == 400
    assert changed.json()["details"].startswith("url: ")
    assert hooks.read(made)["url"] == URL


@pytest.mark.parametrize(
    "body",
    [{}, {"url": None}, {"url": 5}, {"url": URL, "event_types": "load_failed"},
     {"url": URL, "event_types": [""]}, {"url": URL, "event_types": ["x" * 101]},
     {"url": URL, "event_types": ["x"] * 201}, {"url": URL, "event_types": ["a\0b"]}],
)  # fmt: skip
def test_malformed_bodies_are_refused(body: dict[str, Any], hooks: Hooks) -> None:  # S89
    assert hooks.workspace.call("POST", PATH, json=body).status_code == 400


def test_what_is_not_the_clients_is_not_applied(hooks: Hooks) -> None:  # S27
    made = hooks.register(URL)
    sent = {"id": 7, "secret": "0" * 64, "status": "active", "consecutive_failures": 9,
            "workspace_id": 1}  # fmt: skip
    answer = hooks.workspace.call("PATCH", f"{PATH}{made['id']}/", json=sent)
    kept = {**made, "updated_at": answer.json()["updated_at"]}
    assert answer.json() == kept
    created = hooks.workspace.post(PATH, {"url": "https://127.0.0.1:9/x"} | sent)
    assert created["status"] == "unverified"
    assert created["secret"] != "0" * 64


def test_event_types_are_replaced_as_a_whole(hooks: Hooks) -> None:
    made = hooks.register(URL, "load_failed", "load_completed")
    change = {"event_types": ["load_completed", "load_started"]}
    changed = hooks.workspace.call("PATCH", f"{PATH}{made['id']}/", json=change).json()
    kept = next(
        each for each in made["subscriptions"] if each["event_type_name"] == "load_completed"
    )
    assert changed["subscriptions"][0] == kept
    assert [each["event_type_name"] for each in changed["subscriptions"]] == [
        "load_completed", "load_started",
    ]  # fmt: skip
    assert changed["secret"] == made["secret"]


def test_a_workspace_has_a_bounded_number(hooks: Hooks) -> None:  # S92
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(
            text("""
                INSERT INTO webhook_endpoint (uid, workspace_id, url, host, secret, status,
                    extended_retries, consecutive_failures, is_struggling)
                SELECT gen_random_uuid(), :id, 'https://h/' || i, 'h', '', 'active', true, 0, false
                FROM generate_series(1, 100) i
            """),
            {"id": hooks.workspace.id},
        )
    assert "at most 100" in _refused(hooks, URL)


# The handshake.


def test_the_right_answer_activates(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    (asked,) = receiver.challenges
    assert (asked.method, asked.path, asked.body) == ("GET", "/hook", b"")
    assert asked.header("X-Improvado-Verify-Token") == made["secret"]
    assert len(asked.header("X-Improvado-Challenge")) >= 32
    hooks.workspace.post(f"{PATH}{made['id']}/verify/", status=200)
    first, second = (each.header("X-Improvado-Challenge") for each in receiver.challenges)
    assert first != second


@pytest.mark.parametrize("tail", [b"\n", b"\r\n"])
def test_one_line_break_at_the_end_is_forgiven(
    tail: bytes, hooks: Hooks, receiver: Receiver
) -> None:
    receiver.challenge_tail = tail
    hooks.verified(receiver.url())


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, body=b"wrong"),
        Reply(200, body=b""),
        Reply(200, body=b"x" * 100_000),
        Reply(404),
        Reply(500),
        Reply(204, body=b""),
        *(
            Reply(status, {"Location": "https://127.0.0.1:9/"})
            for status in (301, 302, 303, 307, 308)
        ),
    ],
)
def test_wrong_answers_do_not(reply: Reply, hooks: Hooks, receiver: Receiver) -> None:  # S75
    made = hooks.register(receiver.url())
    receiver.challenge_reply = reply
    answer = hooks.workspace.call("POST", f"{PATH}{made['id']}/verify/")
    assert answer.status_code == 400
    assert "challenge" in answer.json()["details"]
    assert hooks.read(made)["status"] == "unverified"
    assert len(receiver.challenges) == 1  # nothing is followed


def test_failures_to_connect_look_alike(
    hooks: Hooks, receiver: Receiver, authority: Authority
) -> None:  # S78, S80
    receiver.challenge_reply = Reply(hang=True)
    other_name = authority.server("elsewhere.example")
    with receiving(other_name) as stranger:
        urls = [URL, receiver.url(), stranger.url(), "https://no-such-host.invalid/"]
        told = set()
        for url in urls:
            made = hooks.register(url)
            answer = hooks.workspace.call("POST", f"{PATH}{made['id']}/verify/")
            assert answer.status_code == 400
            told.add(answer.text)
        assert len(told) == 1
        assert stranger.challenges == []  # S104: no token without validated TLS


def test_checks_are_limited(hooks: Hooks, other_hooks: Hooks) -> None:  # S78, S93
    made = hooks.register(URL)
    path = f"{PATH}{made['id']}/verify/"
    statuses = [hooks.workspace.call("POST", path).status_code for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    refused = hooks.workspace.call("POST", path)
    assert 1 <= int(refused.headers["Retry-After"]) <= 6
    theirs = other_hooks.register(URL)
    assert other_hooks.workspace.call("POST", f"{PATH}{theirs['id']}/verify/").status_code == 400


def test_another_url_has_to_be_verified(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    path = f"{PATH}{made['id']}/"
    changed = hooks.workspace.call("PATCH", path, json={"url": receiver.url(path="/new")}).json()
    assert (changed["status"], changed["secret"]) == ("unverified", made["secret"])
    same = hooks.workspace.call("PATCH", path, json={"event_types": []}).json()
    assert same["status"] == "unverified"


def test_a_new_secret_kills_the_old_one(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    path = f"{PATH}{made['id']}/regenerate_secret/"
    rotated = hooks.workspace.post(path, status=200)
    assert rotated["status"] == "unverified"
    assert re.fullmatch(r"[0-9a-f]{64}", rotated["secret"])
    assert rotated["secret"] != made["secret"]
    assert rotated["previous_secret_expires_at"] is None
    hooks.workspace.post(f"{PATH}{made['id']}/verify/", status=200)
    assert receiver.challenges[-1].header("X-Improvado-Verify-Token") == rotated["secret"]


def test_a_grace_keeps_deliveries_going(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    path = f"{PATH}{made['id']}/regenerate_secret/"
    for seconds in (-1, 7 * 86_400 + 1, "x"):
        refused = hooks.workspace.call("POST", path, json={"grace_period_seconds": seconds})
        assert refused.status_code == 400
    rotated = hooks.workspace.post(path, {"grace_period_seconds": 3600}, status=200)
    assert rotated["status"] == "active"
    assert rotated["previous_secret_expires_at"] is not None


def test_a_change_while_the_receiver_thinks_is_not_verified(
    hooks: Hooks, receiver: Receiver
) -> None:
    made = hooks.register(receiver.url())
    receiver.at_challenge = lambda: _rotate_in_the_database(hooks, made["id"])
    answer = hooks.workspace.call("POST", f"{PATH}{made['id']}/verify/")
    assert answer.status_code == 400
    assert "changed meanwhile" in answer.json()["details"]


def _rotate_in_the_database(hooks: Hooks, endpoint_id: int) -> None:
    done = threading.Event()
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(
            text("UPDATE webhook_endpoint SET url = url || '/x' WHERE id = :id"),
            {"id": endpoint_id},
        )
        done.set()


# Who may, and what is kept.


def test_a_viewer_sees_lists_and_no_secret(
    agency: AgencyFake, workspace: WorkspaceFake, hooks: Hooks
) -> None:
    made = hooks.register(URL)
    role = {"title": "Sees hooks", "permissions": {"webhook": ["view"]}}
    assert agency.call("POST", "/api/v3/roles/", json=role).status_code == 201
    viewer = agency.member(workspace, "Sees hooks")
    assert viewer.get(PATH)[0]["id"] == made["id"]
    for method, path in (
        ("GET", f"{PATH}{made['id']}/"), ("POST", PATH), ("DELETE", f"{PATH}{made['id']}/"),
        ("POST", f"{PATH}{made['id']}/verify/"), ("POST", f"{PATH}{made['id']}/test"),
    ):  # fmt: skip
        answer = viewer.call(method, path, json={"url": URL})
        assert answer.status_code == 403, path
        assert "webhook.manage" in answer.json()["details"]


def test_basic_credentials_are_for_another_door(agency: AgencyFake) -> None:
    answer = agency.client.get(PATH, headers=basic(agency.username))
    assert answer.status_code == 401


def test_secrets_are_sealed_at_rest(hooks: Hooks, receiver: Receiver) -> None:  # S65, S104
    made = hooks.verified(receiver.url(), "load_completed")
    rotated = hooks.workspace.post(
        f"{PATH}{made['id']}/regenerate_secret/", {"grace_period_seconds": 60}, status=200
    )
    receiver.always = Reply(200, body=rotated["secret"].encode() + made["secret"].encode())
    hooks.happen()
    hooks.dispatch()
    with transaction(hooks.workspace.resources.sessions) as session:
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        dump = ""
        for table in tables:
            dump += str(session.execute(text(f'SELECT * FROM "{table}"')).all())
    for secret in (made["secret"], rotated["secret"]):
        assert secret not in dump
    (delivery,) = hooks.log()
    assert hooks.delivery(delivery["id"])["attempts"][0]["response_body"] == "*" * 16
