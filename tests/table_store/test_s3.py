"""The same store on an S3 bucket."""

from collections.abc import Iterator
from datetime import timedelta

import pyarrow.fs as pafs
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy.orm import Session, sessionmaker

from headrace.kit import clock
from headrace.table_store import (
    FileLost,
    Lake,
    LakeUnreachable,
    Swept,
    count_rows,
    sample,
    sweep,
)
from table_store.tables import COLUMNS, SmallTable, batch_of, counted, days, rows_of

GRACE = timedelta(hours=6)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    admin = pafs.S3FileSystem(
        access_key="k", secret_key="s", endpoint_override=f"{host}:{port}", scheme="http",
        region="us-east-1", allow_bucket_creation=True,
    )  # fmt: skip
    admin.create_dir("bucket")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def table(
    endpoint: str, sessions: sessionmaker[Session], request: pytest.FixtureRequest
) -> SmallTable:
    prefix = request.node.name.replace("/", "_")
    lake = Lake.open(f"s3://k:s@bucket/{prefix}?endpoint_override={endpoint}")
    return SmallTable(lake, sessions)


def test_windows_replace_read_and_count(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10), "old"))
    table.replace("a", days(3, 5), rows_of([4], "new"))

    expected = rows_of([0, 1, 2, 6, 7, 8, 9], "old") + rows_of([4], "new")
    assert table.read() == counted("a", expected)
    assert count_rows(table.lake, table.live(), date_field="date_start") == 8
    page = sample(table.lake, table.live(), COLUMNS, date_field="date_start", limit=3, offset=2)
    assert page.column("ad").to_pylist() == ["old", "new", "old"]


def test_dead_files_and_orphans_go(table: SmallTable) -> None:
    table.replace("a", days(0, 0), rows_of([0], "old"))
    table.replace("a", days(0, 0), rows_of([0], "new"))
    table.stage("a", [batch_of(rows_of([1]))])
    with clock.shifted(GRACE + timedelta(hours=1)):
        assert sweep(table.sessions, table.lake, GRACE) == Swept(1, 1, 1)
    assert [file.path for file in table.lake.list_files()] == [table.live()[0].path]
    assert table.read() == counted("a", rows_of([0], "new"))


def test_a_failing_source_leaves_no_object(table: SmallTable) -> None:
    def broken() -> Iterator[object]:
        yield batch_of(rows_of([1]))
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        table.stage("a", broken(), buffer_bytes=1)
    assert list(table.lake.list_files()) == []


def test_a_lost_object_is_named(table: SmallTable) -> None:
    table.replace("a", days(0, 0), rows_of([0]))
    table.lake.delete(str(table.live()[0].path))
    table.lake.delete(str(table.live()[0].path))
    with pytest.raises(FileLost, match="missing or damaged"):
        table.read()


def test_a_workspace_goes_by_its_prefix(table: SmallTable) -> None:
    other = SmallTable(table.lake, table.sessions, table_id=8, workspace_id=33)
    for each in (table, other):
        each.replace("a", days(0, 0), rows_of([0]))
    table.lake.delete_workspace(table.workspace_id)
    table.lake.delete_workspace(999)
    table.lake.delete_table(33, 999)
    assert [file.path for file in table.lake.list_files()] == [other.live()[0].path]


def test_a_bucket_that_is_not_there_is_told(endpoint: str, sessions: sessionmaker[Session]) -> None:
    lake = Lake.open(f"s3://k:canary@nowhere/x?endpoint_override={endpoint}")
    with pytest.raises(LakeUnreachable) as told:
        SmallTable(lake, sessions).stage("a", [batch_of(rows_of([1]))])
    assert "canary" not in str(told.value)
