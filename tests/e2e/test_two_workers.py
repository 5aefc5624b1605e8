"""Two workers on one database: they share the work, and each does the other's if it dies."""

from collections.abc import Iterator

import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import Server, eventually
from headrace.client import models

_RUNS = 8  # as many as the two workers' threads, four each


@pytest.fixture
def second(server: Server) -> Iterator[str]:
    """The name of a second worker."""
    server.start("worker", "second")
    eventually(lambda: "worker ready" in server.log("second"), "the second worker is ready")
    yield "second"
    if "second" in server.running:
        server.stop("second")


def test_one_of_two_is_killed(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace, second: str
) -> None:  # F01
    network.hold_back("/report?")
    extracts: list[models.Extract] = []
    while len(extracts) < _RUNS:
        accounts = workspace.connect_network()
        # No more than two runs of one connection are carried out at once.
        for name in ("demo-1001", "demo-1004"):
            title = f"Ads {len(extracts)}"
            extracts.append(workspace.extract(accounts[name], days_ago(3), title))
    eventually(lambda: network.asked("/report?") == _RUNS, "all runs have begun")
    begun_there = server.log(second).count("run started")
    assert 0 < begun_there < _RUNS
    server.kill_worker(second)
    network.let_go()
    for extract in extracts:
        workspace.wait_extract(extract)
        assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
    retries = [workspace.extract_runs(each)[0].retries for each in extracts]
    assert sorted(retries) == [0] * (_RUNS - begun_there) + [1] * begun_there


def test_a_due_schedule_starts_one_run(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace, second: str
) -> None:  # F15
    account = workspace.connect_network()["demo-1001"]
    extract = workspace.extract(account, days_ago(3))
    workspace.wait_extract(extract)
    server.query(
        "UPDATE schedule SET due_at = now() - interval '1 minute' "
        "WHERE kind = 'extract' AND subject_id = %s",
        str(extract.id),
    )
    eventually(
        lambda: server.query(
            "SELECT id FROM schedule WHERE kind = 'extract' AND subject_id = %s "
            "AND due_at > now() + interval '11 hours'",
            str(extract.id),
        ),
        "the schedule has fired and is due anew",
    )
    workspace.wait_extract(extract)
    triggers = [run.trigger for run in workspace.extract_runs(extract)]
    assert triggers == ["schedule", "create"]
