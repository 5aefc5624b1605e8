"""A connector that does all that a connector must not do: the report's name says what."""

import os
import re
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from headrace.connectors.contract import (
    Access,
    Account,
    AuthForm,
    AuthKind,
    ConnectorSpec,
    Field,
    ReadRequest,
)
from headrace.kit.outcomes import Pauses, Refused, SlowDown


class Rogue:
    """What it does with a read."""

    spec = ConnectorSpec("rogue", "Rogue", (), AuthForm(AuthKind.NONE), (), ())

    def check(self, access: Access) -> None:
        """Nothing is wrong."""

    def accounts(self, access: Access) -> Iterator[Account]:
        """There are none."""
        yield from ()

    def dynamic_field(self, report: str, name: str) -> Field | None:
        """There are none."""
        return None

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield some rows, then do what the report is named after."""
        yield _batch(3)
        getattr(self, f"_{request.report}")(access, request)
        yield _batch(2)

    def _rows(self, access: Access, request: ReadRequest) -> None:
        request.journal.count_retry("asked again")
        for number in range(25):
            request.journal.count_bad_value("spend", number, "secret")
        request.journal.save_bookmark({"report": 7, "before": request.journal.bookmark()})

    def _hang(self, access: Access, request: ReadRequest) -> None:
        re.match(r"(a+)+$", "a" * 60 + "b")  # years, and nobody else gets a turn meanwhile

    def _sleep(self, access: Access, request: ReadRequest) -> None:
        time.sleep(3600)

    def _eat(self, access: Access, request: ReadRequest) -> None:
        eaten = []
        while True:
            eaten.append(bytearray(16 * 1024 * 1024))

    def _eat_long_windows(self, access: Access, request: ReadRequest) -> None:
        assert request.window is not None
        if request.window.day_count > 2:
            self._eat(access, request)

    def _vanish(self, access: Access, request: ReadRequest) -> None:
        os.kill(os.getpid(), 9)

    def _limit(self, access: Access, request: ReadRequest) -> None:
        raise SlowDown("too many calls", float("inf"), Pauses.CREDENTIAL)

    def _own_class(self, access: Access, request: ReadRequest) -> None:
        raise _Special("not that account")

    def _defect(self, access: Access, request: ReadRequest) -> None:
        raise KeyError(access.credentials["token"])

    def _print(self, access: Access, request: ReadRequest) -> None:
        sys.stdout.write("a library says hello\n")

    def _environment(self, access: Access, request: ReadRequest) -> None:
        told = [name for name in os.environ if name.startswith("HEADRACE_")]
        raise Refused(f"environment {told} arguments {access.credentials['token'] in _arguments()}")


class _Special(Refused):
    """A class of the connector's own."""


def _arguments() -> str:
    return Path("/proc/self/cmdline").read_text()


def _batch(rows: int) -> Any:
    return pa.record_batch(
        {
            "day": pa.array(["2026-01-01"] * rows),
            "spend": pa.array([Decimal("1.25")] * rows, pa.decimal128(38, 9)),
            "note": pa.array([None, "é", ""][:rows]),
        }
    )


CONNECTOR = Rogue()
