"""Habits of the house that a machine can check: sizes, names, time, the network, commits."""

import ast
from fnmatch import fnmatch

import pytest

from architecture.house import ROOT, SLICES, Module, files, modules

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "data", "info", "process"}

# A function is counted without its signature's and docstring's lines. Longer ones, and why:
LONG_FUNCTIONS = {
    "src/headrace/migrations/versions/*": "a migration lists what it changes",
    "src/headrace/loaders/targets/postgre_sql/upsert.py:_merge": "one SQL statement",
}
LONG_FILES = {
    "src/headrace/migrations/versions/*": "a migration lists what it changes",
    "src/headrace/client/models.py": "written from the OpenAPI document",
    "src/headrace/client/operations.py": "written from the OpenAPI document",
}

# Only kit.clock asks the time and sleeps, so that tests can move it.
CLOCKS = {
    "time.sleep", "time.time", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "dt.datetime.now", "dt.date.today", "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip
CLOCK_READERS = {
    "src/headrace/kit/clock.py": "the clock",
    "src/headrace/db/embedded.py": "waits for a server process, which no test's clock moves",
    "src/headrace/client/webhooks.py": "runs in the vendor's program, which has no other clock",
}

# Only kit.outbound opens sockets. Others may name urllib3's errors and answers, which it hands out.
NETWORK = ("socket", "urllib3", "requests", "httpx", "aiohttp", "http.client", "urllib.request")
NETWORK_USERS = {
    "src/headrace/kit/outbound.py": "the guard",
    "src/headrace/kit/outbound_async.py": "the guard, for many requests at once",
    "src/headrace/db/embedded.py": "looks for a free port and for the server on it",
    "src/headrace/rest/listening.py": "the web server's own address, where it waits for callers",
    "src/headrace/demo.py": "the operator's own client, asking the server on this machine",
    "src/headrace/client/__init__.py": "runs in the vendor's program and calls the server",
    "src/headrace/client/calling.py": "runs in the vendor's program and calls the server",
}
URLLIB3_NAMES = ("urllib3.exceptions", "urllib3.BaseHTTPResponse", "urllib3.util")

# What connectors, loaders and steps say no with: pages say it in the visitor's language.
SAID_IN_ANY_LANGUAGE = {"Reauthorize", "SlowDown", "TryLater", "Refused", "StepRefused"}
SAID_IN_ENGLISH = {
    "src/headrace/kit/mail.py": "for the operator, in the log",
    "src/headrace/*/tasks.py": "mails that cannot be sent, for the operator, in the log",
}


def _listed(name: str, reasons: dict[str, str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in reasons)


@pytest.mark.parametrize("folder", ["src/headrace", "tools"])
def test_files_are_short(folder: str) -> None:
    long = {
        module.name: lines
        for module in modules(folder)
        if (lines := len(module.text.splitlines())) > LONGEST_FILE
        and not _listed(module.name, LONG_FILES)
    }
    assert not long, f"cut these in two: {long}"


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    long = {
        name: _length(function)
        for module in modules()
        for function in module.functions()
        if _length(function) > LONGEST_FUNCTION
        and not _listed(name := f"{module.name}:{function.name}", LONG_FUNCTIONS)
    }
    assert not long, f"cut these in two: {long}"


def test_reasons_for_long_functions_still_hold() -> None:
    names = {
        f"{module.name}:{function.name}"
        for module in modules()
        for function in module.functions()
        if _length(function) > LONGEST_FUNCTION
    }
    stale = [item for item in LONG_FUNCTIONS if not any(fnmatch(name, item) for name in names)]
    assert not stale, f"no longer long: {stale}"


def test_names_say_something() -> None:
    vague = [
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path.suffix == ".py" and {path.stem, *path.parts[len(ROOT.parts) : -1]} & VAGUE_NAMES
    ]
    assert not vague, f"name these by what they hold: {vague}"


def test_only_the_clock_tells_the_time() -> None:
    found = [
        f"{module.name}:{line} {name}"
        for module in modules()
        for name, line in module.calls()
        if name in CLOCKS and module.name not in CLOCK_READERS
    ]
    assert not found, f"use kit.clock: {found}"


def _networking(module: Module) -> list[str]:
    uses_urllib3 = [
        ast.unparse(node)
        for node in module.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "urllib3"
    ]
    found = [name for name in uses_urllib3 if not name.startswith(URLLIB3_NAMES)]
    for name in module.imports():
        plain_urllib3 = name == "urllib3" or name.startswith(URLLIB3_NAMES)
        if not plain_urllib3 and any(name == lib or name.startswith(f"{lib}.") for lib in NETWORK):
            found.append(name)
    return found


def test_only_the_guard_opens_sockets() -> None:  # S79
    found = {
        module.name: names
        for module in modules()
        if module.name not in NETWORK_USERS and (names := _networking(module))
    }
    assert not found, f"go through kit.outbound: {found}"


def test_slices_leave_commits_to_the_request_and_the_step() -> None:
    packages = {*SLICES, "access", "rest", "tenancy"}
    requests = {
        "src/headrace/rest/session.py",
        "src/headrace/rest/outside.py",
    }  # the one that calls out has two
    found = [
        f"{module.name}:{line} {name}"
        for module in modules()
        for name, line in module.calls()
        if module.path.parent.name in packages
        and module.name not in requests
        and name.endswith((".commit", ".rollback"))
    ]
    assert not found, f"flush at most: {found}"


def test_scopes_are_made_in_access_alone() -> None:
    found = [
        f"{module.name}:{line}"
        for module in modules()
        for name, line in module.calls()
        if name.split(".")[-1] in {"WorkspaceScope", "AgencyScope"}
        and module.path.parent.name != "access"
    ]
    assert not found, f"a scope is proof, made by authentication: {found}"


def test_migrations_stand_alone() -> None:
    versions = modules("src/headrace/migrations/versions")
    assert versions
    found = {
        module.name: names
        for module in versions
        if (names := [name for name in module.imports() if name.startswith("headrace")])
    }
    assert not found, f"models change, migrations must not: {found}"


def test_no_test_is_put_aside() -> None:
    # Where a machine cannot run a test, the test fails and says what is missing.
    words = [f"pytest.mark.{word}" for word in ("skip", "skipif", "xfail")]
    words += ["pytest." + word for word in ("skip", "xfail", "importorskip")]
    found = [
        f"{module.name}: {word}"
        for module in modules("tests")
        if module.path.parent.name != "architecture"
        for word in words
        if word in module.text
    ]
    assert not found, found


def test_what_fails_is_said_in_any_language() -> None:
    found = [
        f"{module.name}:{call.lineno}"
        for module in modules("src/headrace")
        if not _listed(module.name, SAID_IN_ENGLISH)
        for call in module.nodes
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in SAID_IN_ANY_LANGUAGE
        and any(map(_is_sentence, call.args))
    ]
    assert not found, f'write told("…", name=value) for what pages show: {found}'


def _is_sentence(argument: ast.expr) -> bool:
    if isinstance(argument, ast.JoinedStr):
        return True
    return (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and " " in argument.value
    )
