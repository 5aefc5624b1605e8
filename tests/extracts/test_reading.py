"""Reading in processes of their own: what crosses, what is stopped, and that others go on."""

import importlib.util
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.journal import RecordingJournal
from fakes.server import eventually
from fakes.work import WorkFake, succeed
from headrace.connectors.contract import Access, Account, BadValues, Connector, ReadRequest
from headrace.extracts import reader_messages, reading
from headrace.extracts.reader_messages import BadValuesSeen
from headrace.extracts.reading import ConnectorBroke, OutOfMemory, Reader
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.kit.outcomes import OutsideError, Pauses, Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import named, told, told_by
from headrace.rest.resources import Resources, open_resources
from headrace.runs import queries, service, watching
from headrace.runs.context import RunContext
from headrace.runs.errors import RunLost
from headrace.runs.watching import Patience, Watch
from headrace.settings import Settings

ROGUE_PATH = Path(__file__).parents[1] / "fakes" / "rogue_path"
CANARY = "canary-5c81"
MEMORY_MB = 384
LONG = timedelta(hours=1)


@dataclass
class HeardJournal(RecordingJournal):
    """A journal that also hears of counted values."""

    seen: list[BadValuesSeen] = field(default_factory=list)

    def count_bad_values(self, seen: BadValuesSeen) -> None:
        self.seen.append(seen)


@pytest.fixture(scope="module")
def rogue() -> Iterator[Connector]:
    """A connector that misbehaves, which readers started from here find too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROGUE_PATH))
        patch.setenv("HEADRACE_SECRET_KEY", CANARY)
        path = ROGUE_PATH / "more_sources" / "rogue.py"
        spec = importlib.util.spec_from_file_location("rogue", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        reading.READERS.close()
        yield module.CONNECTOR
        reading.READERS.close()


def _watch() -> Watch:
    return Watch(1, 1, Patience(LONG, LONG))


def _access() -> Access:
    policy = OutboundPolicy()
    return Access({"token": CANARY}, {}, "https://example.com", OutboundHttp(policy), policy)


def _request(report: str, journal: Any, window: DayRange | None = None) -> ReadRequest:
    account = Account("7", "Seven", item={"kind": "x"})
    return ReadRequest(
        account, report, ("day", "spend"), window, journal, {"a": [1]}, BadValues.NULL_AND_COUNT
    )


def _rows(connector: Connector, report: str, watch: Watch | None = None) -> int:
    read = reading.batches(
        connector, _access(), _request(report, HeardJournal()), watch or _watch(), MEMORY_MB
    )
    return sum(batch.num_rows for batch in read)


# What crosses.


def test_rows_and_what_the_journal_is_told_arrive_as_they_were(rogue: Connector) -> None:
    journals = [HeardJournal(saved={"report": 3}), HeardJournal(saved={"report": 3})]
    apart = list(
        reading.batches(rogue, _access(), _request("rows", journals[0]), _watch(), MEMORY_MB)
    )
    here = list(rogue.read(_access(), _request("rows", journals[1])))
    assert [batch.num_rows for batch in apart] == [3, 2]
    assert all(one.equals(other) for one, other in zip(apart, here, strict=True))
    assert (
        journals[0].bookmarks == journals[1].bookmarks == [{"report": 7, "before": {"report": 3}}]
    )
    assert journals[0].retries == journals[1].retries == ["asked again"]
    (seen,) = journals[0].seen
    assert (seen.count, seen.places[0]) == (25, ("spend", 0, len("secret")))


@pytest.mark.parametrize(
    "error",
    [
        Reauthorize("sign in again"),
        SlowDown("later", 90.5, Pauses.APP),
        SlowDown("later", math.inf),
        TryLater("no answer"),
        Refused("no such account"),
        Refused(told("{file} has {rows} rows.", file="a<b>", rows=3)),
        SlowDown(told("{host} asks for fewer requests.", host="h"), 90.5, Pauses.ACCOUNT),
    ],
)
def test_outcomes_cross_with_all_that_they_say(error: OutsideError) -> None:
    again = reader_messages.outcome_of(reader_messages.failure_of(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert again is not None
    assert told_by(again) in (told_by(error), named(str(error)))


def test_outcomes_of_a_reader_are_raised_and_leave_it_to_others(rogue: Connector) -> None:
    with pytest.raises(SlowDown) as met:
        _rows(rogue, "limit")
    assert (met.value.after_seconds, met.value.pauses) == (math.inf, Pauses.CREDENTIAL)
    (before,) = reading.READERS.process_ids()
    with pytest.raises(Refused, match="not that account"):
        _rows(rogue, "own_class")
    assert _rows(rogue, "print") == 5
    assert reading.READERS.process_ids() == [before]


def test_a_defect_is_told_by_its_place_and_without_what_was_read(rogue: Connector) -> None:  # S99
    with pytest.raises(ConnectorBroke) as met:
        _rows(rogue, "defect")
    assert "rogue.py" in str(met.value)
    assert "KeyError" in str(met.value)
    assert CANARY not in str(met.value)


def test_a_reader_is_told_no_secret_but_its_connections(rogue: Connector) -> None:  # S65
    with pytest.raises(Refused, match=r"environment \[\] arguments False"):
        _rows(rogue, "environment")


# What is stopped.


@pytest.mark.parametrize("report", ["hang", "sleep"])
def test_a_connector_that_hangs_is_ended_and_others_go_on(  # F21
    report: str, rogue: Connector
) -> None:
    watch = _watch()
    met: list[BaseException] = []

    def read() -> None:
        try:
            _rows(rogue, report, watch)
        except RunLost as lost:
            met.append(lost)

    hung = threading.Thread(target=read)
    hung.start()
    eventually(lambda: watch._end is not None, "it reads")
    assert _rows(rogue, "print") == 5  # beside it
    watch.stop(RunLost())
    hung.join(20)
    assert not hung.is_alive()
    assert len(met) == 1


def test_a_connector_that_takes_memory_without_end_is_told_so(rogue: Connector) -> None:  # F21
    with pytest.raises(OutOfMemory, match="more than 384 MB"):
        _rows(rogue, "eat")
    assert _rows(rogue, "print") == 5


def test_a_reader_that_vanishes_counts_as_one_without_memory(rogue: Connector) -> None:  # F21
    with pytest.raises(OutOfMemory, match="SIGKILL"):
        _rows(rogue, "vanish")


def test_a_reader_ends_with_its_worker_whatever_it_is_at(rogue: Connector) -> None:  # F01
    script = (
        "import sys, test_reading as t; c = t._loaded(); r = t.reading.Reader(t.MEMORY_MB)\n"
        "print(r.process_id, flush=True)\n"
        "t._begin_to_hang(c, r)"
    )
    path = os.pathsep.join([str(ROGUE_PATH), *sys.path])
    worker = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        cwd=Path(__file__).parent,
    )
    assert worker.stdout is not None
    reader_id = int(worker.stdout.readline())
    assert worker.stdout.readline() == b"hangs\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    eventually(lambda: not _is_running(reader_id), "the reader has ended")


def _loaded() -> Connector:
    sys.path.insert(0, str(ROGUE_PATH / "more_sources"))
    import rogue

    connector: Connector = rogue.CONNECTOR
    return connector


def _begin_to_hang(connector: Connector, reader: Reader) -> None:
    reading.READERS._free.append(reader)
    request = _request("hang", HeardJournal())
    for _ in reading.batches(connector, _access(), request, _watch(), MEMORY_MB):
        os.write(1, b"hangs\n")


def _is_running(process_id: int) -> bool:
    try:
        status = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"  # ended, and nobody has looked yet


# In a run.


@pytest.fixture
def committed(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources whose reads are apart."""
    apart = settings.model_copy(update={"isolate_reading": True, "reader_memory_mb": MEMORY_MB})
    opened = open_resources(apart, committed_database, threads=6)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def work(committed: Resources) -> Iterator[WorkFake]:
    """A kind of run whose outcome each test chooses."""
    fake = WorkFake(committed)
    yield fake
    fake.forget()


def test_a_window_that_is_too_much_is_halved_until_it_is_not(  # F21
    rogue: Connector, work: WorkFake
) -> None:
    days = DayRange(date(2026, 1, 1), date(2026, 1, 4))

    def read(context: RunContext) -> None:
        with context.step() as session:
            known = queries.windows(session, context.run_id)
            windows = [
                (one.id, DayRange(one.date_from, one.date_to))
                for one in known or service.plan(session, context.run_id, [days])
                if not one.is_done and one.date_from and one.date_to
            ]
        for window_id, window in windows:
            request = _request("eat_long_windows", HeardJournal(), window)
            with reading.opened(context, rogue, _access(), request, window_id) as batches:
                rows = sum(batch.num_rows for batch in batches)
            with context.step() as session:
                service.finish_window(session, context.hold(session), window_id, rows)
        succeed(context)

    work.doing = read
    run_id = work.queue(work.new_workspace(), 1)
    assert work.try_until_it_ends(run_id).status == "succeeded"
    with work.step() as session:
        told = [(one.date_from, one.date_to, one.rows) for one in queries.windows(session, run_id)]
    assert told == [
        (date(2026, 1, 3), date(2026, 1, 4), 5),
        (date(2026, 1, 1), date(2026, 1, 2), 5),
    ]


def test_a_run_that_hangs_is_ended_by_its_silence_and_tried_again(  # F21
    rogue: Connector, work: WorkFake
) -> None:
    reports = iter(["hang", "print"])

    def read(context: RunContext) -> None:
        request = _request(next(reports), HeardJournal())
        with reading.opened(context, rogue, _access(), request, 0) as batches:
            for batch in batches:
                context.watch.progressed(batch.num_rows)
                if request.report == "hang":
                    context.watch.moved_at -= 2 * 3600
                    threading.Thread(target=watching.look, args=(work.resources.sessions,)).start()
        succeed(context)

    work.doing = read
    run_id = work.queue(work.new_workspace(), 1)
    (job,) = work.admit()
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.attempt) == ("waiting", 1)
    assert "Nothing came for 60 minutes" in (run.error_text or "")
    assert work.try_until_it_ends(run_id).status == "succeeded"
