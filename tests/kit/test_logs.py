"""Log lines: one JSON object an event away from a terminal, with secrets masked."""

import json
import subprocess
import sys

import pytest

from headrace.kit.logs import mask_secrets

CANARY = "canary-77aa"
# In a process of its own: logging is set up once a process, and pytest has done so here.
_SPEAK = """
import logging
import structlog
from headrace.kit import logs
logs.configure("auto", "info")
log = structlog.get_logger("headrace.test")
with structlog.contextvars.bound_contextvars(request_id="r-1"):
    log.info("signed in", password="{canary}", refresh_token="{canary}", rows=3)
log.debug("not shown")
log.info("two\\r\\nlines")
logging.getLogger("other").warning("from a library")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broke")
"""


@pytest.mark.parametrize(
    "key",
    ["password", "X-Api_Key", "access_token", "client_secret", "Authorization", "credentials"],
)
def test_values_of_secret_keys_are_masked(key: str) -> None:  # S99
    assert CANARY not in str(mask_secrets(None, "info", {key: CANARY, "rows": 1}))


def test_other_values_are_not() -> None:
    assert mask_secrets(None, "info", {"rows": 1, "event": "done"}) == {"rows": 1, "event": "done"}


def test_a_process_speaks_json_lines() -> None:  # S84, S99
    done = subprocess.run(
        [sys.executable, "-c", _SPEAK.format(canary=CANARY)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert CANARY not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "signed in",
        "two\r\nlines",
        "from a library",
        "broke",
    ]
    assert lines[0]["request_id"] == "r-1"
    assert lines[0]["rows"] == 3
    assert lines[0]["level"] == "info"
    assert "ZeroDivisionError" in lines[3]["exception"]
