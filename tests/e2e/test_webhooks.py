"""Webhooks through real processes: a dispatcher that is killed, receivers in other languages."""

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from e2e.conftest import CHIEF
from e2e.shown_receivers import LANGUAGES, shown_receiver, vectors_tried
from fakes.api_callers import RemoteWorkspace
from fakes.certificates import Authority
from fakes.receiver import Receiver, Reply, receiving
from fakes.server import Server, eventually, headrace
from headrace.client import ApiError, models
from headrace.client.webhooks import verify
from webhooks.test_documents import VECTORS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for receivers."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def hooks_server(
    open_folder: Path, make_database: Callable[[], str], authority: Authority
) -> Iterator[Server]:
    """A server that trusts the authority, and is not patient."""
    server = Server.at(
        open_folder / "hooks",
        make_database(),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        ca_bundle=authority.bundle,
        webhook_timeout_seconds=2,
    )
    server.start("web")
    server.start("worker")
    server.wait_until_it_answers()
    server.sign_up(CHIEF)
    yield server
    server.stop_everything()


@pytest.fixture
def hooks(hooks_server: Server) -> RemoteWorkspace:
    """A workspace of it."""
    return hooks_server.new_workspace(CHIEF)


@pytest.fixture
def receiver(authority: Authority) -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving(authority.server("127.0.0.1")) as running:
        yield running


def _verified(workspace: RemoteWorkspace, url: str, *types: str) -> models.WebhookEndpointDetail:
    body = models.WebhookEndpointCreateRequest(url=url, event_types=list(types))
    made = workspace.api.create_webhook_endpoint(body)
    found = workspace.api.verify_webhook_endpoint(made.id)
    assert found.status == "active"
    return found


def _refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ApiError) as refused:
        call()
    return str(refused.value)


def _delivered(workspace: RemoteWorkspace) -> list[models.WebhookDelivery]:
    return workspace.api.list_webhook_deliveries(status="delivered").results


def _trigger(server: Server, workspace: RemoteWorkspace, event_type: str) -> None:
    done = headrace(
        "webhooks", "trigger", event_type, "--workspace", str(workspace.id),
        environment=server.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_killed_dispatcher_sends_again_with_the_same_key(
    hooks_server: Server, hooks: RemoteWorkspace, receiver: Receiver
) -> None:  # F33, F03
    made = _verified(hooks, receiver.url(), "load_completed")
    receiver.planned = [Reply(hang=True)]
    _trigger(hooks_server, hooks, "load_completed")
    eventually(lambda: receiver.deliveries, "the delivery arrives")
    hooks_server.kill_worker()  # between sending and recording
    hooks_server.start("worker")
    eventually(lambda: len(receiver.deliveries) > 1, "it arrives again")
    first, second = receiver.deliveries[:2]
    assert first.body == second.body
    key = verify(first.body, first.headers, made.secret).key
    assert verify(second.body, second.headers, made.secret).key == key
    eventually(lambda: _delivered(hooks), "it is recorded")


def test_what_happened_while_no_worker_ran_is_sent_by_the_next(
    hooks_server: Server, hooks: RemoteWorkspace, receiver: Receiver
) -> None:  # F34
    _verified(hooks, receiver.url(), "load_completed")
    hooks_server.stop("worker")
    _trigger(hooks_server, hooks, "load_completed")
    assert receiver.deliveries == []
    hooks_server.start("worker")
    eventually(lambda: receiver.deliveries, "the delivery arrives")


@pytest.mark.system  # needs Node, Go and PHP
def test_receivers_in_other_languages_verify_and_deduplicate(
    hooks_server: Server, hooks: RemoteWorkspace, authority: Authority, tmp_path: Path
) -> None:
    """All at once: they hear the same events."""
    with ExitStack() as running:
        receivers = {}
        for language in LANGUAGES:
            (folder := tmp_path / language).mkdir()
            shown = running.enter_context(shown_receiver(language, folder, authority))
            made = _verified(hooks, shown.url, "load_completed", "load_failed")
            receivers[made.id] = shown
        for event_type in ("load_completed", "load_failed", "load_completed"):
            _trigger(hooks_server, hooks, event_type)
        eventually(lambda: len(_delivered(hooks)) == 3 * len(receivers), "all were delivered")
        for endpoint_id, shown in receivers.items():
            _send_one_again(hooks, endpoint_id)
            keys = [each["key"] for each in shown.handled()]
            assert sorted(keys) == sorted(
                each.idempotency_key for each in _delivered_to(hooks, endpoint_id)
            )
            assert len(set(keys)) == 3
            types = sorted(each["type"] for each in shown.handled())
            assert types == ["load_completed", "load_completed", "load_failed"]
            _refused_with_another_secret(hooks, endpoint_id)


def _delivered_to(workspace: RemoteWorkspace, endpoint_id: int) -> list[models.WebhookDelivery]:
    return [each for each in _delivered(workspace) if each.endpoint_id == endpoint_id]


def _send_one_again(workspace: RemoteWorkspace, endpoint_id: int) -> None:
    workspace.api.redeliver_webhook_delivery(_delivered_to(workspace, endpoint_id)[0].id)
    eventually(
        lambda: [
            each for each in _delivered_to(workspace, endpoint_id) if each.attempts_count == 2
        ],
        "one was delivered twice",
    )


def _refused_with_another_secret(workspace: RemoteWorkspace, endpoint_id: int) -> None:
    grace = models.RegenerateSecretRequest(grace_period_seconds=0)
    workspace.api.regenerate_webhook_secret(endpoint_id, grace)
    refused = _refusal(lambda: workspace.api.verify_webhook_endpoint(endpoint_id))
    assert "challenge" in refused


@pytest.mark.system  # needs Node, Go and PHP
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_vectors_hold_in_other_languages(language: str, tmp_path: Path) -> None:  # S103
    assert vectors_tried(language, tmp_path) == [[True, False, False, False]] * len(VECTORS)
