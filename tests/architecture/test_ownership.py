"""Every query on a workspace's rows is bound to the workspace: read from the code of the slices.

A function that selects, updates or deletes rows of a table with a `workspace_id` must start from
`owned` or compare that column with something. What need not is listed here, with its reason.
"""

import ast
import re

from architecture.house import SLICES, Module, dotted, modules
from headrace.models import metadata

_VERBS = {"select", "update", "delete", "exists", "get", "get_one", "query"}
_PROOFS = {"owned", "owned_columns", "owned_by_parameter"}
# A slice with much SQL has it in several files; that of admission is one with its rule.
_SQL_FILES = re.compile(r"(.+_)?queries\.py|admission\.py")

EXCEPTIONS = {
    "connections/queries.py:deactivate_accounts": "of a connection its service found in the scope",
    "audit/queries.py:delete_before": "housekeeping over all workspaces",
    "connections/queries.py:credentials_now": "of a connection that a run opened in its scope",
    "connections/queries.py:delete_drafts_before": "housekeeping over all workspaces",
    "connections/queries.py:shares_grant": "whether a grant may be taken back reaches across them",
    "connections/queries.py:unlist_accounts_except": "of a connection its service found in the scope",
    "connections/tasks.py:refresh_failed": "of a run, whose subject was found in its scope",
    "destinations/queries.py:params_now": "of a connection that a run opened in its scope",
    "extracts/queries.py:with_connections": "the scheduler's, over all workspaces",
    "extracts/starting.py:start": "what an extract of the workspace itself refers to",
    "loads/service.py:start_run": "what a load of the workspace itself refers to",
    "extracts/announcing.py:_connection": "what an extract of the workspace itself refers to",
    "loads/announcing.py:_say": "what a load of the workspace itself refers to",
    "loads/announcing.py:created": "the load that its service has just made",
    "access/queries.py:exchange_code": "by a code that only its holder knows",
    "external_links/queries.py:pending_link": "by a secret that only the link's holder knows",
    "oauth/queries.py:by_state": "by a secret that only the browser knows which was sent with it",
    "oauth/queries.py:by_receipt": "by a secret that only the browser knows which came back",
    "oauth/queries.py:delete_ended_before": "housekeeping over all workspaces",
    "external_links/queries.py:delete_over": "housekeeping over all workspaces",
    "loads/tasks.py:load_failed": "of a run, whose subject was found in its scope",
    "roles/queries.py:_counts": "counts the agency's own users, wherever they work",
    "roles/queries.py:move_holders": "of a role its service found in the agency's scope",
    "runs/queries.py:fresh_in_lane": "a lane names its subject, which was found in the scope",
    "runs/admission.py:_due": "the scheduler's, over all workspaces",
    "runs/admission.py:_admission": "the scheduler's, over all workspaces",
    "runs/admission.py:delay_new_runs": "the scheduler's, over all workspaces",
    "runs/queries.py:live_since": "the watch over silent workers, over all workspaces",
    "runs/queries.py:_held": "by a fence that only the holder of the run knows",
    "runs/queries.py:close_attempts": "of runs that its caller narrows to a fence or a workspace",
    "runs/watch_queries.py:note_progress": "by fences that only the holder of the runs knows",
    "runs/watch_queries.py:running": "by fences that only the holder of the runs knows",
    "runs/queries.py:put_back": "by a fence that only the holder of the run knows",
    "runs/admission.py:take_due_schedules": "the scheduler's, over all workspaces",
    "runs/queries.py:delete_finished_before": "housekeeping over all workspaces",
    "workspaces/queries.py:reachable": "says which workspaces a user can reach",
}


def _workspace_models() -> set[str]:
    from headrace.db.base import Base

    return {
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if "workspace_id" in mapper.local_table.c
    }


MODELS = _workspace_models()


def test_there_is_something_to_hold_on_to() -> None:
    assert {"Connection", "Account", "Extract", "Load", "Run", "DataTable"} <= MODELS
    assert {table.name for table in metadata.sorted_tables} > {"connection", "extract", "load"}
    assert {"connections", "extracts", "loads", "runs"} <= set(SLICES)


def _roots(call: ast.Call) -> set[str]:
    """The first parts of the names among a call's arguments: `Run` of `select(Run.id)`."""
    return {dotted(item).split(".")[0] for item in call.args}


def _touches(function: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in _VERBS:
            found |= _roots(node) & MODELS
    return found


def _is_bound(function: ast.AST) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and dotted(node.func) in _PROOFS:
            return True
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(
                isinstance(side, ast.Attribute) and side.attr == "workspace_id" for side in sides
            ):
                return True
    return False


def _unbound(module: Module) -> list[str]:
    place = f"{module.path.parent.name}/{module.path.name}"
    return [
        f"{place}:{function.name}"
        for function in module.functions()
        if _touches(function) and not _is_bound(function)
    ]


def _all_unbound() -> set[str]:
    return {
        name
        for module in modules()
        if module.path.parent.name in SLICES
        for name in _unbound(module)
    }


def test_queries_on_workspace_rows_are_bound_to_the_workspace() -> None:  # S01, S09
    found = _all_unbound() - EXCEPTIONS.keys()
    assert not found, f"start with owned(...), or give a reason here: {sorted(found)}"


def test_the_exceptions_are_still_needed() -> None:
    stale = EXCEPTIONS.keys() - _all_unbound()
    assert not stale, f"bound now; take them off the list: {sorted(stale)}"


def test_sql_stands_in_queries() -> None:
    found = [
        f"{module.name}:{function.name}"
        for module in modules()
        if module.path.parent.name in SLICES and not _SQL_FILES.fullmatch(module.path.name)
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and dotted(node.func) in {"select", "update", "delete", "insert", "text"}
        and _roots(node) & MODELS
    ]
    assert not found, f"move these to queries.py: {found}"
