"""`headrace up` that is killed: its children end, and the next one goes on where it stood."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from e2e.conftest import CHIEF
from fakes.held_network import HeldNetwork
from fakes.server import Server, eventually
from headrace.db import embedded

_PROC = Path("/proc")  # where there is none, `ps` is part of the system


@pytest.fixture
def whole(open_folder: Path, network: HeldNetwork) -> Iterator[Server]:
    """`headrace up` with the embedded database."""
    base_urls = json.dumps({"demo_ads": network.base_url})
    server = Server.at(open_folder / "whole", base_urls=base_urls)
    server.start("up")
    server.wait_until_it_answers()
    yield server
    network.let_go()
    server.stop_everything()
    embedded.stop(embedded.start(server.home)[0])


def _children_of(pid: int) -> set[int]:
    return {child for child, parent, _ in _processes() if parent == pid}


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked how does not."""
    return any(found == pid and not state.startswith("Z") for found, _, state in _processes())


def _processes() -> list[tuple[int, int, str]]:
    """The id, the parent and the state of each process of the machine."""
    if not _PROC.is_dir():
        command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = [line.split() for line in listed.stdout.splitlines()]
        return [(int(pid), int(parent), state) for pid, parent, state in rows]
    found = []
    for path in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended since it was listed
            # After the name in brackets, which may hold anything: the state and the parent.
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            found.append((int(path.parent.name), int(parent), state))
    return found


def test_children_end_and_the_next_goes_on(whole: Server, network: HeldNetwork) -> None:  # F01
    whole.sign_up(CHIEF)
    workspace = whole.new_workspace(CHIEF)
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?", passing=1)
    extract = workspace.extract(account, days_ago(30))
    network.wait_until_asked()
    children = _children_of(whole.running["up"].pid)
    assert len(children) == 2
    whole.kill("up")
    eventually(lambda: not any(map(_is_alive, children)), "the children have ended")
    assert not whole.answers()

    network.let_go()
    whole.start("up")
    whole.wait_until_it_answers()
    workspace.wait_extract(extract)
    (run,) = workspace.extract_runs(extract)
    assert run.windows_done == run.windows_total > 1
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


def test_a_killed_child_is_replaced(whole: Server, network: HeldNetwork) -> None:
    children = _children_of(whole.running["up"].pid)
    for child in children:
        os.kill(child, 9)
    eventually(lambda: not any(map(_is_alive, children)), "the children have ended")
    whole.wait_until_it_answers()
    whole.sign_up("other@example.com")
    workspace = whole.new_workspace("other@example.com")
    extract = workspace.extract(workspace.connect_network()["demo-1001"], days_ago(3))
    workspace.wait_extract(extract)
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
