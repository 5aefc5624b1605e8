"""Working out the columns of SQL that others wrote, in a small process that can be ended.

Run as a module it answers questions, a line each, until its input ends.
"""

import resource
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from headrace.kit.closed_sql import describe
from headrace.kit.columns import ColumnType

_SECONDS = 10.0
_MEMORY_MB = 1024
_MB = 1024 * 1024

_REMEMBERED = 256

Relations = Mapping[str, Mapping[str, ColumnType]]
Describe = Callable[[str, Relations], list[tuple[str, str]]]


Key = tuple[str, tuple[tuple[str, tuple[tuple[str, ColumnType], ...]], ...]]


class _Memory:
    """The last answers: a recipe is compiled for each of its workspaces, and most look alike."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, list[tuple[str, str]]] = OrderedDict()

    def get(self, key: Key) -> list[tuple[str, str]] | None:
        with self._lock:
            return self._answers.get(key)

    def put(self, key: Key, columns: list[tuple[str, str]]) -> None:
        with self._lock:
            self._answers[key] = columns
            if len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)


_MEMORY = _Memory()


class _Question(msgspec.Struct):
    sql: str
    relations: dict[str, dict[str, ColumnType]]


class _Answer(msgspec.Struct):
    columns: list[tuple[str, str]] = []
    fault: str | None = None


@contextmanager
def confined_describe(seconds: float = _SECONDS) -> Iterator[Describe]:
    """Give a function that does what `closed_sql.describe` does, in a process of its own.

    The process is started by the first question and ended with the block; all its questions
    together have so many seconds. The function raises ValueError also if these, or the process's
    memory, do not suffice.
    """
    process: subprocess.Popen[bytes] | None = None
    overdue: threading.Timer | None = None

    def ask(sql: str, relations: Relations) -> list[tuple[str, str]]:
        nonlocal process, overdue
        key = (sql, tuple((name, tuple(one.items())) for name, one in sorted(relations.items())))
        known = _MEMORY.get(key)
        if known is not None:
            return known
        if process is None:
            # The arguments are ours; what others wrote goes through the pipe.
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            overdue = threading.Timer(seconds, process.kill)
            overdue.start()
        question = _Question(sql, {name: dict(columns) for name, columns in relations.items()})
        answer = _asked(process, question)
        if answer.fault is not None:
            raise ValueError(answer.fault)
        _MEMORY.put(key, answer.columns)
        return answer.columns

    try:
        yield ask
    finally:
        if overdue is not None:
            overdue.cancel()
        if process is not None:
            process.kill()
            process.communicate()


def _asked(process: "subprocess.Popen[bytes]", question: _Question) -> _Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # an ended process is seen by its silence
        process.stdin.write(msgspec.json.encode(question) + b"\n")
        process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        return _Answer(fault="its columns take too long to work out; write it more simply.")
    return msgspec.json.decode(line, type=_Answer)


def _answer(question: _Question) -> _Answer:
    try:
        return _Answer(columns=describe(question.sql, question.relations))
    except ValueError as fault:
        return _Answer(fault=str(fault))


def _main() -> None:
    most: Any = (_MEMORY_MB * _MB, _MEMORY_MB * _MB)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, most)
    for line in sys.stdin.buffer:
        answer = _answer(msgspec.json.decode(line, type=_Question))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
