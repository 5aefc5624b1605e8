"""Deliveries: attempts, keys, what receivers may answer, redelivery, isolation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from fakes.certificates import Authority, ServerFiles
from fakes.receiver import Receiver, Reply, receiving
from headrace.client.webhooks import verify
from headrace.db.engine import transaction
from headrace.webhooks import housekeeping
from webhooks.conftest import Hooks

PATH = "/api/v3/webhook_endpoints/"


def test_a_delivery_is_signed_twice(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    hooks.happen(rows=7)
    hooks.dispatch()
    (got,) = receiver.deliveries
    body = json.loads(got.body)
    assert list(body) == ["id", "type", "timestamp", "data"]
    assert (body["type"], body["data"]["rows"]) == ("load_completed", "7")
    assert got.header("Content-Type") == "application/json"
    event = verify(got.body, got.headers, made["secret"])
    assert Webhook(made["standard_webhooks_secret"]).verify(got.body, dict(got.headers)) == body
    (logged,) = hooks.log()
    assert (logged["status"], logged["response_status"]) == ("delivered", 200)
    assert (logged["event_id"], logged["idempotency_key"]) == (event.id, event.key)
    detail = hooks.delivery(logged["id"])
    assert detail["body"].encode() == got.body
    (attempt,) = detail["attempts"]
    assert (attempt["number"], attempt["response_status"], attempt["response_body"]) == (
        1,
        200,
        "ok",
    )


def test_three_failures_and_a_success(hooks: Hooks, receiver: Receiver) -> None:  # F30
    made = hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [Reply(500), Reply(500), Reply(500)]
    hooks.happen()
    hooks.dispatch()
    for pause in (2, 3, 5):
        hooks.dispatch()
        count = len(receiver.deliveries)
        hooks.let_pass(pause - 0.5)
        hooks.dispatch()
        assert len(receiver.deliveries) == count  # not before its time
        hooks.let_pass(0.5)
        hooks.dispatch()
    assert len(receiver.deliveries) == 4
    assert len({got.body for got in receiver.deliveries}) == 1
    assert len({got.header("X-Improvado-Idempotency-Key") for got in receiver.deliveries}) == 1
    assert len({got.header("X-Improvado-Signature") for got in receiver.deliveries}) == 1
    assert [got.header("X-Headrace-Attempt") for got in receiver.deliveries] == list("1234")
    (logged,) = hooks.log()
    assert (logged["status"], logged["attempts_count"]) == ("delivered", 4)
    assert hooks.read(made)["consecutive_failures"] == 0


def _fail_the_first_phase(hooks: Hooks) -> None:
    for pause in (0, 2, 3, 5):
        hooks.let_pass(pause)
        hooks.dispatch()


def test_failures_in_a_row_are_counted_and_forgotten(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    receiver.always = Reply(500)
    for count in (1, 2):
        hooks.happen()
        _fail_the_first_phase(hooks)
        assert hooks.read(made)["consecutive_failures"] == count
    receiver.always = None
    hooks.happen()
    hooks.dispatch()
    hooks.let_pass(1)
    hooks.dispatch()
    assert hooks.read(made)["consecutive_failures"] == 0


def test_the_extended_phase_can_be_left_out(hooks: Hooks, receiver: Receiver) -> None:
    receiver.always = Reply(500)
    hooks.verified(receiver.url(path="/patient"), "load_completed")
    hooks.verified(receiver.url(path="/brief"), "load_completed", extended_retries=False)
    hooks.happen()
    _fail_the_first_phase(hooks)
    brief, patient = sorted(hooks.log(), key=lambda each: each["status"])
    assert (brief["status"], brief["next_attempt_at"]) == ("failed", None)
    assert patient["status"] == "pending"
    wait = datetime.fromisoformat(patient["next_attempt_at"]) - datetime.now(UTC)
    assert timedelta(seconds=200) < wait < timedelta(seconds=331)
    receiver.always = None
    hooks.let_pass(331)
    hooks.dispatch()
    assert {each["status"] for each in hooks.log()} == {"failed", "delivered"}


def test_gone_disables_the_endpoint(hooks: Hooks, receiver: Receiver) -> None:  # F32
    made = hooks.verified(receiver.url(), "load_completed")
    watcher = hooks.verified(receiver.url(path="/watch"), "webhook_endpoint_disabled")
    receiver.planned = [Reply(410)]
    hooks.happen()
    hooks.dispatch()
    found = hooks.read(made)
    assert found["status"] == "disabled"
    assert "410" in found["disabled_reason"]
    told = json.loads(receiver.deliveries[-1].body)
    assert told["type"] == "webhook_endpoint_disabled"
    assert told["data"]["webhook_endpoint_id"] == str(made["id"])
    assert made["secret"] not in receiver.deliveries[-1].body.decode()
    hooks.happen()
    hooks.dispatch()
    assert len(receiver.deliveries) == 2
    assert hooks.read(watcher)["status"] == "active"
    hooks.workspace.post(f"{PATH}{made['id']}/verify/", status=200)
    hooks.happen()
    hooks.dispatch()
    assert len(receiver.deliveries) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_to_wait_is_left_alone(
    status: int, hooks: Hooks, receiver: Receiver
) -> None:  # F32
    hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [Reply(status, {"Retry-After": "120"})]
    hooks.happen()
    hooks.dispatch()
    hooks.happen()
    hooks.let_pass(100)
    hooks.dispatch()
    assert len(receiver.deliveries) == 1  # neither the first again nor the second
    hooks.let_pass(21)
    hooks.dispatch()
    assert len(receiver.deliveries) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_failures(status: int, hooks: Hooks, receiver: Receiver) -> None:  # S75, F32
    hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [Reply(status, {"Location": receiver.url(path="/elsewhere")})]
    hooks.happen()
    hooks.dispatch()
    assert [got.path for got in receiver.deliveries] == ["/hook"]
    (logged,) = hooks.log(status="pending")
    assert logged["response_status"] == status


def test_a_receiver_that_never_answers_is_cut_off(
    hooks: Hooks, receiver: Receiver, server_files: ServerFiles
) -> None:  # F31
    hooks.verified(receiver.url(), "load_completed")
    receiver.always = Reply(hang=True)
    with receiving(server_files) as quick:
        hooks.verified(quick.url(), "load_completed")
        hooks.happen()
        hooks.dispatch()
        slow, fast = sorted(hooks.log(), key=lambda each: each["status"], reverse=True)
        assert (fast["status"], slow["status"]) == ("delivered", "pending")
        (tried,) = hooks.delivery(slow["id"])["attempts"]
        assert tried["error"] == "timeout"
        assert 900 <= tried["duration_ms"] < 10_000
        (arrived,) = quick.deliveries
        assert arrived.at < receiver.deliveries[0].at + 0.9


def test_a_slow_drip_does_not_beat_the_deadline(hooks: Hooks, receiver: Receiver) -> None:  # S77
    hooks.verified(receiver.url(), "load_completed")
    receiver.always = Reply(200, body=b"x" * 500, drip_seconds=0.1)
    hooks.happen()
    hooks.dispatch()
    (logged,) = hooks.log()
    assert hooks.delivery(logged["id"])["attempts"][0]["error"] == "timeout"


def test_answers_are_read_as_far_as_they_are_kept(hooks: Hooks, receiver: Receiver) -> None:  # S77
    hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [
        Reply(500, {"Content-Encoding": "gzip"}, b"\x1f\x8b\0not gzip" + b"y" * 10**7)
    ]
    hooks.happen()
    hooks.dispatch()
    (logged,) = hooks.log()
    (tried,) = hooks.delivery(logged["id"])["attempts"]
    assert tried["response_status"] == 500
    assert len(tried["response_body"]) <= 1024
    assert "\0" not in tried["response_body"]
    assert "not gzip" in tried["response_body"]


def test_failures_of_the_network_are_told_apart(
    hooks: Hooks, receiver: Receiver, authority: Authority, server_files: ServerFiles
) -> None:  # F32, S80
    hooks.verified(receiver.url(), "load_completed")
    with receiving(server_files) as gone:
        hooks.verified(gone.url(), "load_completed")
    expired = authority.server(
        "127.0.0.1", valid_from=timedelta(days=-9), valid_to=timedelta(days=-1)
    )
    with receiving(expired) as stale:
        moved = hooks.register("https://localhost:1/", "load_completed")
        unknown = hooks.register("https://no-such-host.invalid/", "load_completed")
        for made, url in ((moved, stale.url()), (unknown, unknown["url"])):
            _activate(hooks, made["id"], url)
        hooks.happen()
        hooks.dispatch()
        assert stale.deliveries == []
    found = {
        (hooks.delivery(each["id"])["attempts"][0]["error"], each["status"]) for each in hooks.log()
    }
    assert found == {
        (None, "delivered"), ("connection", "pending"), ("tls", "pending"), ("dns", "pending"),
    }  # fmt: skip


def _activate(hooks: Hooks, endpoint_id: int, url: str) -> None:
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(
            text("UPDATE webhook_endpoint SET status = 'active', url = :url WHERE id = :id"),
            {"id": endpoint_id, "url": url},
        )


def test_a_host_that_moved_inside_is_refused(hooks: Hooks, receiver: Receiver) -> None:  # S74
    made = hooks.verified(receiver.url(), "load_completed")
    _activate(hooks, made["id"], f"https://127.0.0.2:{receiver.port}/hook")
    hooks.happen()
    hooks.dispatch()
    (logged,) = hooks.log()
    assert hooks.delivery(logged["id"])["attempts"][0]["error"] == "refused"
    assert receiver.deliveries == []


# Endpoints that change between attempts.


def test_unverified_endpoints_get_nothing(hooks: Hooks, receiver: Receiver) -> None:  # S94
    hooks.register(receiver.url(), "load_completed")
    hooks.happen()
    hooks.dispatch()
    assert (receiver.deliveries, hooks.log()) == ([], [])


def test_only_what_was_subscribed_to_is_sent(hooks: Hooks, receiver: Receiver) -> None:
    hooks.verified(receiver.url(), "load_failed", "invented")
    hooks.happen("load_completed")
    hooks.happen("load_failed")
    hooks.dispatch()
    assert [json.loads(got.body)["type"] for got in receiver.deliveries] == ["load_failed"]


def test_what_happened_before_a_subscription_is_not_sent(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    hooks.happen("load_failed")
    hooks.happen("load_completed")
    wanted = {"event_types": ["load_completed", "load_failed"]}
    hooks.workspace.call("PATCH", f"/api/v3/webhook_endpoints/{made['id']}/", json=wanted)
    hooks.dispatch()
    assert [json.loads(got.body)["type"] for got in receiver.deliveries] == ["load_completed"]
    hooks.happen("load_failed")
    hooks.dispatch()
    assert len(receiver.deliveries) == 2


def test_a_deleted_endpoint_takes_its_queue_along(hooks: Hooks, receiver: Receiver) -> None:  # F35
    made = hooks.verified(receiver.url(), "load_completed")
    receiver.always = Reply(500)
    hooks.happen()
    hooks.dispatch()
    assert hooks.workspace.call("DELETE", f"{PATH}{made['id']}/").status_code == 204
    hooks.let_pass(10)
    hooks.dispatch()
    assert (len(receiver.deliveries), hooks.log()) == (1, [])


def test_what_waits_for_verification_goes_on_after_it(hooks: Hooks, receiver: Receiver) -> None:
    # F35, F36: edited and rotated between attempts
    made = hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [Reply(500)]
    hooks.happen()
    hooks.dispatch()
    path = f"{PATH}{made['id']}/"
    hooks.workspace.call("PATCH", path, json={"url": receiver.url(path="/new")})
    rotated = hooks.workspace.post(f"{path}regenerate_secret/", status=200)
    hooks.let_pass(10)
    hooks.dispatch()
    assert len(receiver.deliveries) == 1  # unverified
    hooks.workspace.post(f"{path}verify/", status=200)
    hooks.dispatch()
    first, second = receiver.deliveries
    assert (first.path, second.path) == ("/hook", "/new")
    assert first.body == second.body
    key = verify(first.body, first.headers, made["secret"]).key
    assert verify(second.body, second.headers, rotated["secret"]).key == key


def test_a_grace_signs_with_both_secrets(hooks: Hooks, receiver: Receiver) -> None:  # F36
    made = hooks.verified(receiver.url(), "load_completed")
    receiver.planned = [Reply(500)]
    hooks.happen()
    hooks.dispatch()
    path = f"{PATH}{made['id']}/regenerate_secret/"
    rotated = hooks.workspace.post(path, {"grace_period_seconds": 60}, status=200)
    hooks.let_pass(2)
    hooks.dispatch()
    second = receiver.deliveries[1]
    for secret in (made["secret"], rotated["secret"]):
        assert verify(second.body, second.headers, secret)
    with transaction(hooks.workspace.resources.sessions) as session:
        past = "UPDATE webhook_endpoint SET previous_secret_until = now() - interval '1 second'"
        session.execute(text(past))
    hooks.happen()
    hooks.dispatch()
    assert len(receiver.deliveries[2].header("webhook-signature").split()) == 1


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"webhook_disable_after_failures": 2}, "2 times in a row"),
        ({"webhook_disable_after_days": 5}, "5 days"),
    ],
)
def test_lasting_failure_disables(
    limits: dict[str, int], reason: str, hooks: Hooks, receiver: Receiver, monkeypatch: Any
) -> None:
    made = hooks.verified(receiver.url(), "load_completed")
    settings = hooks.workspace.resources.settings
    changed = settings.model_copy(update=limits)
    monkeypatch.setitem(hooks.workspace.resources.__dict__, "settings", changed)
    receiver.always = Reply(500)
    hooks.happen()
    _fail_the_first_phase(hooks)
    assert hooks.read(made)["status"] == "active"
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(
            text("UPDATE webhook_endpoint SET failing_since = failing_since - interval '5 days'")
        )
    hooks.happen()
    _fail_the_first_phase(hooks)
    found = hooks.read(made)
    assert found["status"] == "disabled"
    assert reason in found["disabled_reason"]
    assert {each["status"] for each in hooks.log()} == {"failed"}


# Sending again.


def test_redelivery_has_the_same_key_and_a_mark(hooks: Hooks, receiver: Receiver) -> None:
    hooks.verified(receiver.url(), "load_completed")
    hooks.happen()
    hooks.dispatch()
    (logged,) = hooks.log()
    path = f"/api/v3/webhook_deliveries/{logged['id']}/redeliver"
    assert hooks.workspace.post(path, status=200)["status"] == "pending"
    hooks.dispatch()
    first, second = receiver.deliveries
    assert first.body == second.body
    for name in ("X-Improvado-Idempotency-Key", "webhook-id"):
        assert first.header(name) == second.header(name)
    assert "X-Headrace-Redelivery" not in first.headers
    assert second.header("X-Headrace-Redelivery") == "true"
    detail = hooks.delivery(logged["id"])
    assert [each["is_redelivery"] for each in detail["attempts"]] == [False, True]
    assert [each["number"] for each in detail["attempts"]] == [1, 2]


def test_what_failed_is_replayed_among_live_traffic(
    hooks: Hooks, receiver: Receiver
) -> None:  # F38
    made = hooks.verified(receiver.url(), "load_completed", extended_retries=False)
    since = datetime.now(UTC).isoformat()
    receiver.always = Reply(500)
    for number in range(3):
        hooks.happen(rows=number)
    for _ in range(6):
        _fail_the_first_phase(hooks)
    assert len(hooks.log(status="failed")) == 3
    receiver.always = None
    before = len(receiver.deliveries)
    hooks.happen(rows=99)
    answer = hooks.workspace.post(f"{PATH}{made['id']}/replay", {"since": since}, status=200)
    assert answer == {"count": 3, "is_complete": True}
    for _ in range(4):
        hooks.dispatch()
        hooks.let_pass(1)
    arrived = receiver.deliveries[before:]
    assert sorted(json.loads(got.body)["data"]["rows"] for got in arrived) == ["0", "1", "2", "99"]
    marked = [got for got in arrived if "X-Headrace-Redelivery" in got.headers]
    assert len(marked) == 3
    earlier = {got.header("webhook-id") for got in receiver.deliveries[:before]}
    assert {got.header("webhook-id") for got in marked} == earlier
    assert {each["status"] for each in hooks.log()} == {"delivered"}


def test_a_range_can_be_replayed_that_was_never_sent(hooks: Hooks, receiver: Receiver) -> None:
    since = datetime.now(UTC)
    hooks.happen(rows=1)
    hooks.dispatch()
    made = hooks.verified(receiver.url(), "load_completed")
    body = {"since": since.isoformat(), "deliveries": "all"}
    path = f"{PATH}{made['id']}/replay"
    assert hooks.workspace.post(path, body, status=200)["count"] == 1
    hooks.dispatch()
    assert json.loads(receiver.deliveries[0].body)["data"]["rows"] == "1"
    until = {"until": since.isoformat()}
    assert hooks.workspace.call("POST", path, json=body | until).status_code == 400
    early = {"since": (since - timedelta(days=1)).isoformat()} | until | {"deliveries": "all"}
    assert hooks.workspace.post(path, early, status=200)["count"] == 0


def test_a_test_event_goes_to_one_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(path="/tried"))
    hooks.verified(receiver.url(path="/other"), "load_failed")
    delivery = hooks.workspace.post(f"{PATH}{made['id']}/test", {"event_type": "load_failed"})
    assert delivery["is_test"]
    hooks.dispatch()
    (got,) = receiver.deliveries
    assert (got.path, got.header("X-Headrace-Test")) == ("/tried", "true")
    assert verify(got.body, got.headers, made["secret"]).type == "load_failed"
    unknown = hooks.workspace.call(
        "POST", f"{PATH}{made['id']}/test", json={"event_type": "invented"}
    )
    assert unknown.status_code == 400


# The log.


def test_the_log_is_filtered_and_followed(hooks: Hooks, receiver: Receiver) -> None:
    made = hooks.verified(receiver.url(), "load_completed", "load_failed")
    other = hooks.verified(receiver.url(path="/other"), "load_failed")
    for number in range(3):
        hooks.happen("load_completed", rows=number)
    hooks.happen("load_failed")
    hooks.dispatch()
    assert len(hooks.log()) == 5
    assert len(hooks.log(endpoint_id=other["id"])) == 1
    assert len(hooks.log(endpoint_id=made["id"], event_type="load_failed")) == 1
    assert len(hooks.log(status="delivered")) == 5
    assert hooks.log(status="pending") == hooks.log(status="failed") == []
    moment = hooks.log()[2]["created_at"]
    assert len(hooks.log(since=moment)) + len(hooks.log(until=moment)) == 5
    seen: list[int] = []
    page = hooks.workspace.get("/api/v3/webhook_deliveries", page_size=2)
    while True:
        seen += [each["id"] for each in page["results"]]
        if page["next"] is None:
            break
        page = hooks.workspace.get(page["next"])
    assert seen == [each["id"] for each in hooks.log()]
    assert seen == sorted(seen, reverse=True)
    for bad in ("status=x", "endpoint_id=x", "since=yesterday", "before=-1"):
        answer = hooks.workspace.call("GET", f"/api/v3/webhook_deliveries?{bad}")
        assert answer.status_code == 400, bad


def test_old_events_are_forgotten_with_their_deliveries(hooks: Hooks, receiver: Receiver) -> None:
    hooks.verified(receiver.url(), "load_completed")
    hooks.happen()
    hooks.dispatch()
    with transaction(hooks.workspace.resources.sessions) as session:
        assert housekeeping.forget(session, timedelta(days=30)) == 0
        session.execute(text("UPDATE event SET created_at = created_at - interval '31 days'"))
        assert housekeeping.forget(session, timedelta(days=30)) == 1
    assert hooks.log() == []


# Isolation.


def test_no_delivery_crosses_workspaces(
    hooks: Hooks, other_hooks: Hooks, receiver: Receiver
) -> None:  # S13
    mine = hooks.verified(receiver.url(path="/mine"), "load_completed")
    theirs = other_hooks.verified(receiver.url(path="/theirs"), "load_completed")
    hooks.happen(rows=1)
    hooks.dispatch()
    assert [got.path for got in receiver.deliveries] == ["/mine"]
    assert other_hooks.log() == []
    assert other_hooks.log(endpoint_id=mine["id"]) == []
    (logged,) = hooks.log()
    for method, path in (
        ("GET", f"/api/v3/webhook_deliveries/{logged['id']}"),
        ("POST", f"/api/v3/webhook_deliveries/{logged['id']}/redeliver"),
        ("POST", f"{PATH}{mine['id']}/test"),
    ):
        assert other_hooks.workspace.call(method, path).status_code == 404, path
    assert other_hooks.log(before=logged["id"]) == []
    assert theirs["id"] != mine["id"]


def test_the_database_refuses_to_cross_workspaces(hooks: Hooks, other_hooks: Hooks) -> None:  # S13
    mine = hooks.register("https://127.0.0.1:9/x")
    other_hooks.happen()
    statement = text("""
        INSERT INTO webhook_delivery (workspace_id, endpoint_id, event_id, event_type, status)
        SELECT workspace_id, :endpoint, id, type, 'pending' FROM event WHERE workspace_id = :theirs
    """)
    with (
        transaction(hooks.workspace.resources.sessions) as session,
        pytest.raises(Exception, match="foreign key"),
        session.begin_nested(),
    ):
        session.execute(statement, {"endpoint": mine["id"], "theirs": other_hooks.workspace.id})


def test_one_host_has_one_rate_over_all_workspaces(
    hooks: Hooks, other_hooks: Hooks, receiver: Receiver, monkeypatch: Any
) -> None:  # S94
    for number in range(4):
        hooks.verified(receiver.url(path=f"/{number}"), "load_completed")
        other_hooks.verified(receiver.url(path=f"/other{number}"), "load_completed")
    settings = hooks.workspace.resources.settings.model_copy(update={"webhook_host_rate": 5})
    monkeypatch.setitem(hooks.workspace.resources.__dict__, "settings", settings)
    hooks.happen()
    other_hooks.happen()
    hooks.dispatch()
    assert len(receiver.deliveries) == 5
    with transaction(hooks.workspace.resources.sessions) as session:
        session.execute(
            text("UPDATE webhook_host SET refilled_at = refilled_at - interval '1 second'")
        )
    hooks.dispatch()
    assert len(receiver.deliveries) == 8
