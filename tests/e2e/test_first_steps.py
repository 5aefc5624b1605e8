"""What a newcomer does first: the demo, and the walk through the API that the README shows."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from fakes.server import PATIENCE_SECONDS, Server, environment_of, headrace
from headrace.db import embedded

_ROOT = Path(__file__).parents[2]
_WALK = re.compile(r"<!-- walk -->(.*?)<!-- /walk -->", re.DOTALL)
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
_FILE = "city,visits,spend\nWien,10,1.50\nŁódź,20,2.25\n"


def test_demo_with_a_file(open_folder: Path) -> None:
    file = open_folder / "visits.csv"
    file.write_text(_FILE)
    done = headrace("demo", "--file", str(file), environment=environment_of(open_folder / "demo"))
    assert done.returncode == 0, done.stderr
    assert "Every total agrees." in done.stdout
    for place in ("demo network", "data table", "PostgreSQL", "DuckDB"):
        assert place in done.stdout
    # The file itself, the data table, PostgreSQL, DuckDB.
    assert done.stdout.count("visits 30.00, spend 3.75") == 4


def test_demo_with_a_file_that_is_not_there(open_folder: Path) -> None:
    missing = open_folder / "missing.csv"
    done = headrace(
        "demo", "--file", str(missing), environment=environment_of(open_folder / "demo")
    )
    assert done.returncode == 1
    assert done.stderr == f"Error: There is no file {missing}.\n"


@pytest.fixture
def newcomer(open_folder: Path) -> Iterator[Server]:
    """A server as `make up` starts it."""
    server = Server.at(open_folder / "newcomer")
    server.start("up")
    server.wait_until_it_answers()
    yield server
    server.stop_everything()
    embedded_server, started = embedded.start(server.home)
    embedded.stop(embedded_server)
    assert started, "the server has left its database running"


@pytest.mark.system  # needs bash and curl
def test_walk_of_the_readme(newcomer: Server) -> None:
    walks = _WALK.findall((_ROOT / "README.md").read_text())
    blocks = [block for walk in walks for block in _BLOCK.findall(walk)]
    assert blocks, "README.md has no ```bash blocks between <!-- walk --> and <!-- /walk -->"
    walked = subprocess.run(
        ["bash", "-c", "set -eu\n" + "\n".join(blocks)],
        env=os.environ | newcomer.environment,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    with duckdb.connect(str(newcomer.files / "first.duckdb"), read_only=True) as delivered:
        counted = delivered.execute("SELECT count(*), sum(spend) FROM campaigns").fetchone()
    assert counted is not None
    for number in counted:
        assert str(number) in walked.stdout
