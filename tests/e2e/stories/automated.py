"""An automated recipe from its template to its table, judged by what the network says."""

from datetime import date
from decimal import Decimal

import pytest

from e2e.comparing import days_ago
from e2e.stories.stage import Stage
from fakes.server import eventually
from headrace.client import NotFound, every, models

_TITLE = "Everything we paid for"


def templates_tell_what_they_stand_on(stage: Stage) -> None:
    """Templates are found by words and data sources, and show the tree under them."""
    api = stage.customer.api
    listed = list(every(api.list_automated_recipe_templates, data_sources="demo_ads"))
    (paid,) = api.list_automated_recipe_templates(search="PAID MEDIA").results
    assert paid in listed
    assert "demo_ads" in {item.name for item in paid.data_sources}
    trees = {}
    for template in listed:
        detail = api.get_automated_recipe_template(template.id)
        nodes = detail.tree_structure.nodes
        assert (nodes[0].id, nodes[0].level, detail.dependencies_count) == (
            template.id, 0, len(nodes) - 1,
        )  # fmt: skip
        trees[template.title] = [node.title for node in nodes]
    assert trees["Daily account totals"] == ["Daily account totals", paid.title]


def recipes_build_of_what_is_read(stage: Stage) -> None:
    """The first build follows the extractions; other accounts, and a build by hand, change it."""
    api = stage.customer.api
    (template,) = api.list_automated_recipe_templates(search="paid media").results
    made = api.create_automated_recipe(
        models.AutomatedRecipeCreateRequest(
            template_id=template.id,
            title=_TITLE,
            data_sources=["demo_ads"],
            connections=[_accounts(stage, "demo-1001")],
            sync_from_date=date.fromisoformat(days_ago(2)),
        )
    )
    assert made.state == "Extracting Data"
    recipe_id = int(made.recipe_id)
    first = _built(stage, recipe_id, None)
    (listed,) = every(api.list_automated_recipes, template_id=str(template.id), state="Active")
    assert (listed.recipe_id, listed.title) == (made.recipe_id, _TITLE)
    assert api.list_automated_recipes(state="Error").count == 0
    _agrees(stage, first, "demo-1001")

    chosen = ("demo-1001", "demo-1004")
    change = models.AutomatedRecipeUpdateRequest(
        data_sources=["demo_ads"],
        connections=[_accounts(stage, *chosen)],
        sync_from_date=date.fromisoformat(days_ago(4)),
    )
    api.update_automated_recipe(recipe_id, change)
    second = _built(stage, recipe_id, first)
    assert [item.account_id for item in second.connections[0].accounts] == list(chosen)
    _agrees(stage, second, *chosen)

    answer = api.build_automated_recipe(recipe_id)
    assert answer.status == "started"
    third = _built(stage, recipe_id, second)

    rows = _agrees(stage, third, *chosen)
    api.delete_automated_recipe(recipe_id)
    with pytest.raises(NotFound):
        api.get_automated_recipe(recipe_id)
    assert api.list_automated_recipes().count == 0
    assert len(stage.customer.rows_of(third.datatable_id or 0)) == rows


def _accounts(stage: Stage, *names: str) -> models.ConnectionChoice:
    accounts = [stage.accounts[name] for name in names]
    return models.ConnectionChoice(
        connection_id=accounts[0].connection_id, accounts=[item.id for item in accounts]
    )


def _built(
    stage: Stage, recipe_id: int, before: models.AutomatedRecipeDetail | None
) -> models.AutomatedRecipeDetail:
    """Wait until a recipe was built anew."""

    def look() -> models.AutomatedRecipeDetail | None:
        found = stage.customer.api.get_automated_recipe(recipe_id)
        assert found.state != "Error", found.error_text
        is_new = found.last_build_at != (before and before.last_build_at)
        return found if is_new and found.state == "Active" else None

    return eventually(look, "the recipe is built")


def _agrees(stage: Stage, recipe: models.AutomatedRecipeDetail, *accounts: str) -> int:
    """Compare the table with the network, account by account; returns how many rows there are."""
    rows = stage.customer.rows_of(recipe.datatable_id or 0)
    assert {row["account_id"] for row in rows} == set(accounts)
    for name in accounts:
        own = [row for row in rows if row["account_id"] == name]
        days = [str(row["date"]) for row in own]
        assert min(days) == str(recipe.sync_from_date)
        totals = stage.network.totals(name, min(days), max(days), "campaign")
        for measure in ("spend", "clicks", "revenue"):
            found = sum((Decimal(str(row[measure])) for row in own), Decimal(0))
            assert found == Decimal(totals[measure]), measure
        assert {row["currency"] for row in own} == {stage.accounts[name].currency}
    return len(rows)
