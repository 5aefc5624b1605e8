"""A disk without room: the reason is told, nothing half-written stays, and room is all it takes."""

from e2e.comparing import days_ago, sums_at_network, sums_in_parquet, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import Server, eventually

_LIMIT_BYTES = 60_000  # far less than the files below, more than the worker's log of a minute


def test_lake_without_room(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F20
    account = workspace.connect_network(rows_per_day=600)["huge-600"]
    server.restart_worker(file_size_limit=_LIMIT_BYTES)
    extract = workspace.extract(account, days_ago(3))

    def reason() -> str:
        return str(workspace.extract_runs(extract)[0].error_text or "")

    assert "There is no room in the lake" in eventually(reason, "the run says why it waits")
    lake = server.home / "lake" / str(workspace.id)
    assert [path for path in lake.rglob("*") if path.is_file()] == []
    assert workspace.rows(extract) == []
    server.restart_worker()
    assert workspace.wait_extract(extract).error_text is None
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


def test_folder_without_room(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F20 F22
    account = workspace.connect_network(rows_per_day=600)["huge-600"]
    extract = workspace.extract(account, days_ago(3))
    workspace.wait_extract(extract)
    folder = f"full-{workspace.id}"
    destination = workspace.connect_destination(
        "local_files", folder=folder, file_format="parquet", file_name="{{filename}}"
    )
    load = workspace.load(extract, destination, "ads")
    workspace.run_load(load)
    (file,) = (server.files / folder).iterdir()
    before = sums_in_parquet(file)
    network.let_days_pass(1)
    workspace.run_extract(extract)
    server.restart_worker(file_size_limit=_LIMIT_BYTES)
    workspace.start_load(load)

    def reason() -> str:
        return str(workspace.load_runs(load)[0].error_text or "")

    assert "There is no room" in eventually(reason, "the run says why it waits")
    assert list((server.files / folder).iterdir()) == [file]
    assert sums_in_parquet(file) == before
    server.restart_worker()
    workspace.wait_load(load)
    assert sums_in_parquet(file) == sums_in_table(workspace, extract) != before
