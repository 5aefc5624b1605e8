"""A worker that is asked to end: it ends, and nothing is lost."""

import signal

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import PATIENCE_SECONDS, Server


def test_work_in_flight_is_finished(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F44
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?")
    extract = workspace.extract(account, days_ago(3))
    network.wait_until_asked()
    worker = server.running.pop("worker")
    worker.send_signal(signal.SIGTERM)
    network.let_go()
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert workspace.wait_extract(extract).status == "synced"
    (run,) = workspace.extract_runs(extract)
    assert run.retries == 0
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


def test_work_that_takes_too_long_is_left_to_another_worker(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F44
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?", passing=1)
    extract = workspace.extract(account, days_ago(30))
    network.wait_until_asked()
    assert server.stop("worker") == 0
    assert workspace.extract_runs(extract)[0].windows_done == 1
    network.let_go()
    server.restart_worker()
    workspace.wait_extract(extract)
    (run,) = workspace.extract_runs(extract)
    assert run.retries == 1
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
