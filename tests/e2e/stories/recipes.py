"""An agency's recipe, step by step, judged by the table that it builds in a workspace."""

from collections import defaultdict
from decimal import Decimal

import pytest

from e2e.stories.extracts import titled
from e2e.stories.stage import Stage
from fakes.server import eventually
from headrace.client import ApiError, Headrace, NotFound, every, models


def recipes_build_tables(stage: Stage) -> None:
    """Steps are written, changed and activated; the table holds what they say of the rows."""
    agency, customer = stage.headrace.agency, stage.customer
    source = customer.api.get_data_table(titled(stage, "Ads").data_table.id)
    recipe = agency.create_recipe(models.RecipeNew(title="Spend"))
    assert (recipe.state, recipe.steps_count) == ("new", 0)
    _write_steps(stage.headrace, recipe.id, source.sql_name)
    agency.replace_recipe(recipe.id, models.RecipePut(title="Cost", description="By campaign"))
    read = agency.get_recipe(recipe.id)
    assert (read.title, read.state, read.steps_count) == ("Cost", "staging", 2)
    assert [item.title for item in every(agency.list_recipes)] == ["Cost"]

    enabled = agency.enable_recipe(customer.id, models.EnableRecipeIn(recipe_id=recipe.id))
    assert enabled.enabled
    tables = customer.api.list_data_tables().count
    assert agency.activate_recipe(recipe.id).state == "production"
    assert customer.api.list_data_tables().count == tables + 1

    def built() -> models.WorkspaceRecipe | None:
        state = agency.get_workspace_recipe(customer.id, recipe.id)
        assert state.error_text is None
        return state if state.last_build_at else None

    table_id = eventually(built, "the recipe is built").data_table_id
    assert table_id is not None
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in customer.rows_of(source.id):
        wanted[row["campaign_id"]] += Decimal(row["spend"])
    rows = customer.rows_of(table_id)
    costs = {row["campaign_id"]: Decimal(row["cost"]) for row in rows}
    assert costs == {name: cost for name, cost in wanted.items() if cost > 0} != {}
    _ends(stage, recipe.id, table_id)


def _write_steps(headrace: Headrace, recipe_id: int, table: str) -> None:
    agency = headrace.agency
    wrong = agency.create_recipe_step(
        recipe_id, models.SqlStep(name="wrong", sql="SELECT 1 AS one")
    )
    grouped = agency.create_recipe_step(
        recipe_id, models.GroupByStep(name="campaigns", input=table, keys=["ad_id"])
    )
    paying = models.Condition(column="cost", operator="gt", value=0)
    cost = models.Aggregate(function="sum", column="spend", name="cost")
    agency.replace_recipe_step(
        recipe_id,
        grouped.id,
        models.GroupByStep(name="campaigns", input=table, keys=["campaign_id"], aggregates=[cost]),
    )
    agency.create_recipe_step(
        recipe_id,
        models.ConditionalMappingStep(name="paid", input="campaigns", filters=[paying]),
    )
    agency.delete_recipe_step(recipe_id, wrong.id)
    first, second = agency.list_recipe_steps(recipe_id)
    assert isinstance(first, models.StoredGroupByStep)
    assert isinstance(second, models.StoredConditionalMappingStep)
    assert (first.keys, second.input) == (["campaign_id"], "campaigns")


def _ends(stage: Stage, recipe_id: int, table_id: int) -> None:
    """Deactivated it builds no more, deleted it is gone, and either way its table stays."""
    agency, customer = stage.headrace.agency, stage.customer
    rows = customer.rows_of(table_id)
    runs = agency.list_recipe_runs(customer.id, recipe_id).count
    agency.deactivate_recipe(recipe_id)
    assert not agency.get_recipe(recipe_id).is_active
    with pytest.raises(ApiError):
        agency.build_recipe(customer.id, recipe_id)
    customer.run_extract(titled(stage, "Ads"))  # what follows it was begun when it ended
    assert agency.list_recipe_runs(customer.id, recipe_id).count == runs
    agency.delete_recipe(recipe_id)
    with pytest.raises(NotFound):
        agency.get_recipe(recipe_id)
    assert agency.list_recipes().count == 0
    assert customer.rows_of(table_id) == rows
