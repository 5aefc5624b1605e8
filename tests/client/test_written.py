"""The generated half of the client is what the document says now."""

import runpy
from pathlib import Path

WRITER = Path(__file__).parents[2] / "tools" / "write_client.py"


# Some seconds long: it describes the whole API and writes thousands of lines.
def test_the_client_is_fresh() -> None:
    for path, text in runpy.run_path(str(WRITER))["texts"]().items():
        assert path.read_text() == text, (
            f"{path.name} is not what the routes say now; run `make client` and commit it"
        )
