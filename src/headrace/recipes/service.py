"""The rules of recipes and their steps, as an agency writes them."""

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from headrace.kit import clock
from headrace.kit.told import told_by
from headrace.recipes import engine, queries
from headrace.recipes.errors import (
    RecipeTitleTaken,
    StepInUse,
    StepNameTaken,
    StepRefused,
    StepUnfit,
    TooManySteps,
)
from headrace.recipes.models import Recipe, RecipeState, RecipeStep
from headrace.recipes.schemas import RecipeIn, RecipeNew, RecipePatch, RecipePut
from headrace.recipes.steps import MOST_STEPS, STEP, Step
from headrace.rest.errors import NotFound
from headrace.tenancy.scope import AgencyScope


def create(session: Session, scope: AgencyScope, body: RecipeNew) -> Recipe:
    """Create a recipe of the caller's agency, not yet active and enabled nowhere.

    Raises:
        RecipeTitleTaken, StepNameTaken, StepUnfit: as their names say.
    """
    _claim_title(session, scope, body.title)
    recipe = Recipe(
        agency_id=scope.agency_id,
        title=body.title,
        description=body.description,
        inputs=_dumped(body.inputs),
        date_column=body.date_column,
        state=RecipeState.NEW,
    )
    session.add(recipe)
    session.flush()
    _set_steps(session, recipe, body.steps)
    session.refresh(recipe)
    return recipe


def get(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe:
    """Return a recipe of the caller's agency.

    Raises:
        NotFound: if there is none of that id.
    """
    recipe = queries.recipe(session, scope, recipe_id)
    if recipe is None:
        raise NotFound("Recipe")
    return recipe


def held(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe:
    """Return a recipe and hold it until the transaction ends; raises as `get` does."""
    recipe = queries.locked_recipe(session, scope, recipe_id)
    if recipe is None:
        raise NotFound("Recipe")
    return recipe


def detail(session: Session, scope: AgencyScope, recipe: Recipe) -> dict[str, Any]:
    """A recipe as `RecipeDetail`."""
    session.flush()
    row = session.execute(queries.recipe_rows(scope).where(Recipe.id == recipe.id)).one()
    workspaces = session.execute(queries.enabled_rows(scope, recipe.id))
    return row._asdict() | {
        "inputs": recipe.inputs,
        "date_column": recipe.date_column,
        "steps": [step_out(one) for one in queries.steps(session, recipe.id)],
        "workspaces": [one._asdict() for one in workspaces],
    }


def step_out(step: RecipeStep) -> dict[str, Any]:
    """A step as `RecipeStepOut`."""
    return step.definition | {
        "id": step.id,
        "position": step.position,
        "created_at": step.created_at,
        "updated_at": step.updated_at,
    }


def update(
    session: Session, scope: AgencyScope, recipe_id: int, body: RecipePut | RecipePatch
) -> Recipe:
    """Change a recipe; with `RecipePatch`, only what is given. What is active stays as it is.

    Raises:
        NotFound, RecipeTitleTaken, StepNameTaken, StepUnfit: as their names say.
    """
    recipe = held(session, scope, recipe_id)
    given = body.model_fields_set if isinstance(body, RecipePatch) else set(RecipeIn.model_fields)
    if body.title is not None and body.title != recipe.title:
        _claim_title(session, scope, body.title)
        recipe.title = body.title
    if "description" in given:
        recipe.description = body.description or ""
    before = (recipe.inputs, recipe.date_column)
    if "inputs" in given:
        recipe.inputs = _dumped(body.inputs or [])
    if "date_column" in given:
        recipe.date_column = body.date_column
    if body.steps is not None:
        _set_steps(session, recipe, body.steps)
    elif before != (recipe.inputs, recipe.date_column):
        _changed(session, recipe)
    session.flush()
    session.refresh(recipe)
    return recipe


def definition(session: Session, recipe: Recipe) -> dict[str, Any]:
    """Return what a recipe would be activated with: inputs, date column and steps."""
    return {
        "inputs": recipe.inputs,
        "date_column": recipe.date_column,
        "steps": [step.definition for step in queries.steps(session, recipe.id)],
    }


# Steps.


def list_steps(session: Session, scope: AgencyScope, recipe_id: int) -> list[dict[str, Any]]:
    """Return the steps of a recipe, as `RecipeStepOut`; raises as `get` does."""
    recipe = get(session, scope, recipe_id)
    return [step_out(step) for step in queries.steps(session, recipe.id)]


def get_step(session: Session, scope: AgencyScope, recipe_id: int, step_id: int) -> RecipeStep:
    """Return a step of a recipe and hold the recipe.

    Raises:
        NotFound: if the agency has no such recipe, or that no such step.
    """
    recipe = held(session, scope, recipe_id)
    found = [step for step in queries.steps(session, recipe.id) if step.id == step_id]
    if not found:
        raise NotFound("Step")
    return found[0]


def add_step(session: Session, scope: AgencyScope, recipe_id: int, body: Step) -> RecipeStep:
    """Add a step at the end of a recipe.

    Raises:
        NotFound, TooManySteps, StepNameTaken, StepUnfit: as their names say.
    """
    recipe = held(session, scope, recipe_id)
    there = queries.steps(session, recipe.id)
    if len(there) >= MOST_STEPS:
        raise TooManySteps(MOST_STEPS)
    _check([*(STEP.validate_python(one.definition) for one in there), body])
    position = there[-1].position + 1 if there else 1
    step = _new_step(recipe, position, body)
    session.add(step)
    _changed(session, recipe)
    session.refresh(step)
    return step


def change_step(
    session: Session,
    scope: AgencyScope,
    recipe_id: int,
    step_id: int,
    change: Step | dict[str, Any],
) -> RecipeStep:
    """Give a step another definition, or change some members of the one it has.

    Raises:
        NotFound, StepNameTaken, StepInUse, StepUnfit: as their names say.
        RequestValidationError: if the members changed make no step.
    """
    step = get_step(session, scope, recipe_id, step_id)
    body = _patched(step, change) if isinstance(change, dict) else change
    others = queries.steps(session, recipe_id)
    if body.name != step.name:
        _refuse_if_read(step, others)
    _check([body if one.id == step.id else STEP.validate_python(one.definition) for one in others])
    step.name = body.name
    step.definition = _definition(body)
    _changed(session, get(session, scope, recipe_id))
    session.refresh(step)
    return step


def delete_step(session: Session, scope: AgencyScope, recipe_id: int, step_id: int) -> None:
    """Delete a step that no later one reads.

    Raises:
        NotFound, StepInUse: as their names say.
    """
    step = get_step(session, scope, recipe_id, step_id)
    _refuse_if_read(step, queries.steps(session, recipe_id))
    session.delete(step)
    _changed(session, get(session, scope, recipe_id))


def _patched(step: RecipeStep, change: dict[str, Any]) -> Step:
    # Members of another kind mean nothing to a new one.
    kept = step.definition
    if change.get("kind", kept["kind"]) != kept["kind"]:
        kept = {"name": step.name}
    adapter: TypeAdapter[Step] = STEP
    try:
        return adapter.validate_python(kept | change)
    except ValidationError as error:
        errors = [item | {"loc": ("body", *item["loc"])} for item in error.errors()]
        raise RequestValidationError(errors) from error


def _refuse_if_read(step: RecipeStep, steps: Sequence[RecipeStep]) -> None:
    for one in steps:
        if one.position > step.position:
            later = STEP.validate_python(one.definition)
            if step.name in engine.inputs_named([later]):
                raise StepInUse(step.name, one.name)


def _set_steps(session: Session, recipe: Recipe, steps: Sequence[Step]) -> None:
    _check(steps)
    for old in queries.steps(session, recipe.id):
        session.delete(old)
    session.flush()
    session.add_all(_new_step(recipe, number, one) for number, one in enumerate(steps, 1))
    _changed(session, recipe)


def _check(steps: Sequence[Step]) -> None:
    """Refuse what is wrong with steps wherever they will be calculated."""
    names = [step.name for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise StepNameTaken(name)
    try:
        engine.inputs_named(steps)
    except StepRefused as error:
        raise StepUnfit(told_by(error)) from error


def _changed(session: Session, recipe: Recipe) -> None:
    """Note that a recipe's steps are no longer those that were activated."""
    session.flush()
    has_steps = bool(queries.steps(session, recipe.id))
    recipe.state = RecipeState.STAGING if has_steps else RecipeState.NEW
    recipe.updated_at = clock.now()
    session.flush()


def _new_step(recipe: Recipe, position: int, body: Step) -> RecipeStep:
    return RecipeStep(
        agency_id=recipe.agency_id,
        recipe_id=recipe.id,
        position=position,
        name=body.name,
        definition=_definition(body),
    )


def _definition(body: Step) -> dict[str, Any]:
    dumped: dict[str, Any] = body.model_dump(mode="json")
    return dumped


def _dumped(items: Sequence[BaseModel]) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json", exclude_none=True) for item in items]


def _claim_title(session: Session, scope: AgencyScope, title: str) -> None:
    if queries.id_of_title(session, scope, title) is not None:
        raise RecipeTitleTaken(title)
