"""The rules of automated recipes: creating, changing, asking for builds, deleting."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from headrace.automated_recipes import choosing, extracting, queries
from headrace.automated_recipes.catalogue import TEMPLATES, RecipeTemplate
from headrace.automated_recipes.choosing import Chosen
from headrace.automated_recipes.errors import (
    ScheduleMissing,
    ScheduleUnused,
    StateUnknown,
    TemplateUnknown,
)
from headrace.automated_recipes.models import AutomatedRecipe, AutomatedRecipeAccount, Trigger
from headrace.automated_recipes.queries import KIND
from headrace.automated_recipes.schemas import (
    STATES,
    AutomatedRecipeCreateRequest,
    AutomatedRecipeUpdateRequest,
    ConnectionChoice,
)
from headrace.rest.errors import NotFound
from headrace.runs import service as runs
from headrace.runs.schemas import Scheduling
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

LOOKS_AGAIN_SECONDS = 300.0
"""When a build that waits looks again unasked: the end of an extraction wakes it, a failure does not."""

_WAITS = {"waits": True}
"""Params of a build that begins when the extractions it reads have ended."""


def template_of(template_id: int) -> RecipeTemplate:
    """Return a template.

    Raises:
        NotFound: if there is none of that id.
    """
    template = TEMPLATES.get(template_id)
    if template is None:
        raise NotFound("Automated recipe template")
    return template


def create(
    session: Session, scope: WorkspaceScope, body: AutomatedRecipeCreateRequest
) -> dict[str, Any]:
    """Create a recipe with the extracts it needs, as `AutomatedRecipeCreateResponse`.

    Raises:
        TemplateUnknown, ScheduleMissing, ScheduleUnused, and the refusals of `choosing.resolve` and
        `extracting.provide`.
    """
    template = TEMPLATES.get(body.template_id)
    if template is None:
        raise TemplateUnknown(body.template_id)
    trigger = _trigger(body, Trigger.ON_EXTRACTION, has_schedule=False)
    chosen = choosing.resolve(session, scope, template, body.data_sources, body.connections)
    provided = extracting.provide(session, scope, template, chosen, body.sync_from_date)
    recipe = AutomatedRecipe(
        workspace_id=scope.workspace_id,
        template_id=template.id,
        title=body.title or template.title,
        data_sources=chosen.sources,
        sync_from_date=body.sync_from_date,
        trigger=trigger,
        changed_at=queries.moment(session),
    )
    session.add(recipe)
    session.flush()
    _remember(session, recipe, chosen, provided)
    _set_schedules(session, scope, recipe, body.scheduling)
    _build_when_read(session, scope, recipe)
    standing = queries.standing(session, scope, recipe.id)
    return {
        "recipe_id": str(recipe.id),
        "template_id": recipe.template_id,
        "title": recipe.title,
        "state": standing.state,
    }


def _remember(
    session: Session, recipe: AutomatedRecipe, chosen: Chosen, provided: Mapping[int, int]
) -> None:
    session.add_all(
        AutomatedRecipeAccount(
            workspace_id=recipe.workspace_id,
            automated_recipe_id=recipe.id,
            account_id=account.id,
            extract_id=provided.get(account.id),
        )
        for account in chosen.all_accounts
    )
    session.flush()


def listed(row: Any) -> dict[str, Any]:
    """A row of `queries.recipe_rows` as `AutomatedRecipeOut`."""
    found: dict[str, Any] = row._asdict()
    return found | {"template_title": TEMPLATES[row.template_id].title}


def state_named(text: str | None) -> str | None:
    """Return the state that a filter names, in whatever case.

    Raises:
        StateUnknown: if there is none.
    """
    if not text:
        return None
    by_lower = {state.lower(): state for state in STATES}
    if text.lower() not in by_lower:
        raise StateUnknown(STATES)
    return by_lower[text.lower()]


def get(session: Session, scope: WorkspaceScope, recipe_id: int) -> AutomatedRecipe:
    """Return a recipe of the workspace.

    Raises:
        NotFound: if there is none.
    """
    recipe = queries.recipe(session, scope, recipe_id)
    if recipe is None:
        raise NotFound("Automated recipe")
    return recipe


def detail(session: Session, scope: WorkspaceScope, recipe_id: int) -> dict[str, Any]:
    """Return a recipe as `AutomatedRecipeDetail`; raises as `get` does."""
    session.flush()
    recipe = get(session, scope, recipe_id)
    session.refresh(recipe)
    standing = queries.standing(session, scope, recipe_id)
    return {
        "recipe_id": str(recipe.id),
        "template_id": recipe.template_id,
        "datatable_id": recipe.data_table_id,
        "title": recipe.title,
        "state": standing.state,
        "data_sources": recipe.data_sources,
        "allowed_data_sources": TEMPLATES[recipe.template_id].source_names,
        "connections": _connections(queries.chosen_accounts(session, scope, recipe_id)),
        "sync_from_date": recipe.sync_from_date,
        "last_build_at": recipe.last_build_at,
        "created_at": recipe.created_at,
        "updated_at": recipe.updated_at,
        "trigger": recipe.trigger,
        "scheduling": runs.schedules_of(session, scope, KIND, recipe_id),
        "error_text": standing.error_text,
    }


def _connections(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "connection_id": connection_id,
            "connection_data_source": name,
            "accounts": [{"id": row.id, "account_id": row.remote_id} for row in group],
        }
        for (connection_id, name), group in groupby(
            rows, key=lambda row: (row.connection_id, row.datasource_name)
        )
    ]


def update(
    session: Session, scope: WorkspaceScope, recipe_id: int, body: AutomatedRecipeUpdateRequest
) -> dict[str, Any]:
    """Replace what is given of a recipe, as `AutomatedRecipeDetail`; what is left out stays.

    Accounts that are left behind leave the table at the next build; extracts that were made for
    them are paused where no other recipe needs them.

    Raises:
        NotFound, ScheduleMissing, ScheduleUnused, and the refusals of `create`.
    """
    recipe = queries.locked_recipe(session, scope, recipe_id)
    if recipe is None:
        raise NotFound("Automated recipe")
    has_schedule = bool(runs.schedules_of(session, scope, KIND, recipe_id))
    recipe.trigger = _trigger(body, recipe.trigger, has_schedule=has_schedule)
    given = body.model_fields_set & {"data_sources", "connections", "sync_from_date"}
    if given:
        sync_from = body.sync_from_date if "sync_from_date" in given else recipe.sync_from_date
        _choose_anew(session, scope, recipe, body, sync_from)
    _set_schedules(session, scope, recipe, body.scheduling)
    if given:
        _build_when_read(session, scope, recipe)
    return detail(session, scope, recipe_id)


def _choose_anew(
    session: Session,
    scope: WorkspaceScope,
    recipe: AutomatedRecipe,
    body: AutomatedRecipeUpdateRequest,
    sync_from: date | None,
) -> None:
    template = TEMPLATES[recipe.template_id]
    before = queries.chosen_accounts(session, scope, recipe.id)
    asked, sources = _asked(recipe, body, before)
    kept = {row.id for row in before}
    chosen = choosing.resolve(session, scope, template, sources, asked, kept)
    provided = extracting.provide(session, scope, template, chosen, sync_from)
    queries.forget_accounts(session, scope, recipe.id)
    _remember(session, recipe, chosen, provided)
    left = {row.extract_id for row in before if row.extract_id is not None}
    extracting.release(session, scope, left - set(provided.values()))
    recipe.data_sources = chosen.sources
    recipe.sync_from_date = sync_from
    recipe.changed_at = queries.moment(session)
    recipe.error = None
    session.flush()


def _asked(
    recipe: AutomatedRecipe, body: AutomatedRecipeUpdateRequest, before: Sequence[Any]
) -> tuple[list[ConnectionChoice] | None, list[str] | None]:
    """Return connections and data sources as they are to be.

    Fewer data sources alone drop their connections; connections alone may bring others in.
    """
    sources = body.data_sources or None
    if body.connections is not None:
        return body.connections, sources
    there = [
        ConnectionChoice(
            connection_id=one["connection_id"], accounts=[item["id"] for item in one["accounts"]]
        )
        for one in _connections(before)
        if sources is None or one["connection_data_source"] in sources
    ]
    return there, sources or recipe.data_sources


def _trigger(body: AutomatedRecipeUpdateRequest, before: str, *, has_schedule: bool) -> str:
    """Return the trigger asked for; a schedule alone asks for the one that takes it."""
    if body.trigger is None:
        trigger: str = Trigger.SCHEDULE if body.scheduling else before
    else:
        trigger = body.trigger
    if trigger == Trigger.SCHEDULE:
        if not body.scheduling and not has_schedule:
            raise ScheduleMissing
    elif body.scheduling:
        raise ScheduleUnused(trigger)
    return trigger


def _set_schedules(
    session: Session,
    scope: WorkspaceScope,
    recipe: AutomatedRecipe,
    scheduling: list[Scheduling] | None,
) -> None:
    """Give a recipe its schedules; None keeps them where the trigger still takes them."""
    if recipe.trigger != Trigger.SCHEDULE:
        runs.set_schedules(session, scope, KIND, recipe.id, [])
    elif scheduling is not None:
        runs.set_schedules(session, scope, KIND, recipe.id, scheduling)


def delete(session: Session, scope: WorkspaceScope, recipe_id: int) -> None:
    """Delete a recipe and stop its builds; the table it built stays, with its rows.

    Extracts that were made for it are paused where no other recipe needs them.

    Raises:
        NotFound: if the workspace has no such recipe.
    """
    get(session, scope, recipe_id)
    # In the order in which schedulers and workers take them: schedules, runs, then the recipe.
    runs.set_schedules(session, scope, KIND, recipe_id, [])
    runs.cancel(session, scope, KIND, recipe_id)
    recipe = queries.locked_recipe(session, scope, recipe_id)
    if recipe is None:
        raise NotFound("Automated recipe")
    used = {row.extract_id for row in queries.chosen_accounts(session, scope, recipe_id)}
    session.delete(recipe)
    session.flush()
    extracting.release(session, scope, used - {None})


# Builds.


def check_startable(session: Session, scope: WorkspaceScope, recipe_id: str) -> None:
    """Make sure that a recipe can be built now; raises `NotFound` if it is gone."""
    get(session, scope, int(recipe_id))


def build_now(session: Session, scope: WorkspaceScope, recipe_id: int) -> dict[str, Any]:
    """Start a build with what has been read so far, as `AutomatedRecipeBuildResponse`.

    Raises:
        NotFound: if the workspace has no such recipe.
    """
    recipe = get(session, scope, recipe_id)
    standing = queries.standing(session, scope, recipe_id)
    if standing.state == "Building":
        return {"status": "already_running", "message": "A build is under way."}
    if standing.is_pending:
        message = "Its accounts are still being extracted for the first time; build it after that."
        return {"status": "not_ready", "message": message}
    if not standing.has_rows:
        reason = standing.error_text or "None of its accounts was extracted yet."
        return {"status": "not_ready", "message": reason}
    start_build(session, scope, recipe.id, "manual", waits=False)
    return {"status": "started", "message": "The build has started."}


def start_build(
    session: Session,
    scope: WorkspaceScope,
    recipe_id: int,
    trigger: str,
    *,
    waits: bool,
    delay_seconds: float = 0.0,
) -> None:
    """Queue a build; one that waits in the queue already is that one.

    waits: whether it is to begin only when the extractions it reads have ended.
    """
    runs.start(
        session,
        scope,
        NewRun(
            kind=KIND,
            subject_id=str(recipe_id),
            limit_key=f"recipe:{scope.workspace_id}",
            trigger=trigger,
            params=_WAITS if waits else {},
            delay_seconds=delay_seconds,
        ),
        _joined,
    )
    if not waits:
        runs.hurry(session, scope, KIND, recipe_id)


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Who does not want to wait is not made to."""
    return dict(_WAITS) if one.get("waits") and other.get("waits") else {}


def _build_when_read(session: Session, scope: WorkspaceScope, recipe: AutomatedRecipe) -> None:
    session.flush()
    if recipe.trigger == Trigger.ON_EXTRACTION:
        is_busy = queries.busy_accounts(session, scope, recipe.id) > 0
        delay = LOOKS_AGAIN_SECONDS if is_busy else 0.0
        trigger = Trigger.ON_EXTRACTION.value
        start_build(session, scope, recipe.id, trigger, waits=True, delay_seconds=delay)


def start_due(session: Session, scope: WorkspaceScope, subject_id: str, _: dict[str, Any]) -> None:
    """Start a build because a schedule is due."""
    recipe = queries.recipe(session, scope, int(subject_id))
    if recipe is not None and recipe.trigger == Trigger.SCHEDULE:
        start_build(session, scope, recipe.id, Trigger.SCHEDULE, waits=False)


def follow(session: Session, scope: WorkspaceScope, data_table_id: int) -> None:
    """Start the builds of recipes that read a data table whose rows are new.

    A build that waits for extractions looks again now. If it begins before this is committed, it
    looks in vain once more; it never ends without having read what was extracted before it began.
    """
    for recipe_id in queries.followers_of(session, scope, data_table_id):
        if not runs.hurry(session, scope, KIND, recipe_id):
            start_build(session, scope, recipe_id, Trigger.ON_EXTRACTION, waits=True)
