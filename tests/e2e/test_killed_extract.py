"""A worker that is killed in the middle of an extract: nothing lost, nothing doubled or asked twice."""

import re

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import Server
from headrace.client import models

_FIRST_DAY = re.compile(r"date_from=([0-9-]+)")


def _first_days(requests: list[str]) -> list[str]:
    """The first days of the windows that pages were asked of."""
    return [found[1] for each in requests if (found := _FIRST_DAY.search(each))]


def _windows(workspace: RemoteWorkspace, extract: models.Extract) -> list[models.RunWindow]:
    (run,) = workspace.extract_runs(extract)
    return workspace.api.get_run(run.id).windows


def test_killed_between_two_pages(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F01
    account = workspace.connect_network()["demo-1005"]
    undisturbed = workspace.extract(account, days_ago(70), "Undisturbed")
    workspace.wait_extract(undisturbed)
    first_days = _first_days(network.requests)
    newest = list(dict.fromkeys(first_days))[:2]
    pages_of_two_windows = sum(day in newest for day in first_days)
    network.hold_back("date_from=", passing=pages_of_two_windows + 1)

    killed = workspace.extract(account, days_ago(70), "Killed")
    network.wait_until_asked()
    server.kill_worker()
    done = [str(window.date_from) for window in _windows(workspace, killed) if window.is_done]
    assert done == newest
    network.let_go()
    network.requests.clear()
    server.restart_worker()
    workspace.wait_extract(killed)

    assert not set(_first_days(network.requests)) & set(done)
    assert len(_windows(workspace, killed)) > len(done)
    (run,) = workspace.extract_runs(killed)
    assert (run.status, run.retries) == ("succeeded", 1)
    rows = workspace.rows(killed)
    assert rows == workspace.rows(undisturbed)
    assert run.rows_written == len(rows)
    assert sums_in_table(workspace, killed) == sums_at_network(network, workspace, killed)


def test_killed_while_a_report_is_made(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F06
    account = workspace.connect_network(rows_per_day=400)["huge-400"]
    network.hold_back("GET /v1/reports/")
    extract = workspace.extract(account, days_ago(25))
    network.wait_until_asked()
    server.kill_worker()
    assert network.asked("POST /v1/accounts/huge-400/reports") == 1
    (asked_for,) = [each for each in network.requests if "GET /v1/reports/" in each]
    network.let_go()
    network.requests.clear()
    server.restart_worker()
    workspace.wait_extract(extract)

    assert network.asked("POST /v1/accounts/huge-400/reports") == 0
    assert network.asked(asked_for) > 0
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
