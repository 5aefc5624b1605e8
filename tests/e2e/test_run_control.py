"""Real workers whose runs are cancelled, paused, stopped and woken, and told to end under load."""

import signal
from collections.abc import Iterator

import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import PATIENCE_SECONDS, Server, eventually

_RUNS = 8  # twice what a worker carries out at once


def test_a_run_in_the_middle_of_a_read_is_cancelled(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F14
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?")
    extract = workspace.extract(account, days_ago(3))
    network.wait_until_asked()
    (run,) = workspace.extract_runs(extract)
    lost = server.log("worker").count("run lost")
    assert workspace.api.cancel_run(run.id).status == "cancelled"
    # The network still holds its answer back: the worker does not wait for it.
    eventually(lambda: server.log("worker").count("run lost") > lost, "the worker lets go")
    network.let_go()
    again = workspace.api.retry_run(run.id)
    assert again.replays_run_id == run.id
    workspace.wait_extract(extract)
    assert workspace.api.get_run(run.id).attempts[0].outcome == "cancelled"
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


def test_a_paused_run_goes_on_where_it_stopped(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F14
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?")
    extract = workspace.extract(account, days_ago(45))
    network.wait_until_asked()
    workspace.api.pause_extract(extract.id)
    network.let_go()
    (run,) = workspace.extract_runs(extract)
    eventually(lambda: workspace.api.get_run(run.id).status == "paused", "the run is held")
    held = workspace.api.get_run(run.id)
    assert 0 < held.windows_done < held.windows_total
    asked = network.asked("/demo-1001/report?")
    workspace.api.unpause_extract(extract.id)
    workspace.wait_extract(extract)
    ended = workspace.api.get_run(run.id)
    assert (ended.status, ended.retries) == ("succeeded", 0)
    assert [one.outcome for one in ended.attempts] == ["paused", "succeeded"]
    assert network.asked("/demo-1001/report?") > asked
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


@pytest.fixture
def second(server: Server) -> Iterator[str]:
    """The name of a second worker, which is ready."""
    server.start("worker", "second")
    eventually(lambda: "worker ready" in server.log("second"), "the second worker is ready")
    yield "second"
    if "second" in server.running:
        server.stop("second")


def test_a_worker_that_slept_and_wakes_changes_nothing(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F01 F16
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?")
    extract = workspace.extract(account, days_ago(3))
    network.wait_until_asked()
    sleeper = server.running["worker"]
    lost = server.log("worker").count("run lost")
    sleeper.send_signal(signal.SIGSTOP)
    try:
        server.start("worker", "second")
        network.let_go()  # the sleeper's reader has its answer from here on, too
        workspace.wait_extract(extract)
    finally:
        sleeper.send_signal(signal.SIGCONT)
    eventually(lambda: server.log("worker").count("run lost") > lost, "the sleeper notices")
    (run,) = workspace.extract_runs(extract)
    told = workspace.api.get_run(run.id)
    assert [one.outcome for one in told.attempts] == ["worker_died", "succeeded"]
    assert told.rows_read == told.rows_written
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
    server.stop("second")


def test_a_worker_ends_in_peace_under_load(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F44
    network.hold_back("/report?")
    extracts = []
    while len(extracts) < _RUNS:
        accounts = workspace.connect_network()
        for name in ("demo-1001", "demo-1004"):
            title = f"Ads {len(extracts)}"
            extracts.append(workspace.extract(accounts[name], days_ago(3), title))
    eventually(lambda: network.asked("/report?") >= _RUNS // 2, "the worker is full")
    worker = server.running.pop("worker")
    worker.send_signal(signal.SIGTERM)
    network.let_go()
    assert worker.wait(PATIENCE_SECONDS) == 0
    server.restart_worker()
    for extract in extracts:
        workspace.wait_extract(extract)
        (run,) = workspace.extract_runs(extract)
        assert run.retries == 0
        assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
