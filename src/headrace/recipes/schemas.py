"""Bodies of recipes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel, model_validator

from headrace.recipes.steps import (
    MOST_STEPS,
    ColumnName,
    ConditionalMappingStep,
    GroupByStep,
    JoinStep,
    SqlStep,
    Step,
    StepName,
    UnionStep,
)
from headrace.rest.ids import IdIn

State = Literal["new", "staging", "production"]
_INPUTS = [{"name": "campaigns", "datasource_name": "facebook", "report_type": "campaigns"}]


class RecipeInput(BaseModel):
    """A name for a data table, which is looked for in each workspace: by `sql_name`, or by report."""

    name: StepName
    sql_name: str | None = Field(None, min_length=1, max_length=63)
    datasource_name: str | None = Field(
        None, min_length=1, max_length=100, description="With `report_type`."
    )
    report_type: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="A report of the data source; the workspace must have one data table of it.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "RecipeInput":
        by_report = self.datasource_name is not None and self.report_type is not None
        neither = self.datasource_name is None and self.report_type is None
        if (self.sql_name is None) == neither or not (by_report or neither):
            raise ValueError("give sql_name, or datasource_name and report_type")
        return self


class RecipeIn(BaseModel):
    """A recipe to create, or what to make of one; what is left out is empty."""

    title: str = Field(min_length=1, max_length=200, examples=["Spend by campaign"])
    description: str = Field("", max_length=4000)
    inputs: list[RecipeInput] = Field(
        default_factory=list,
        max_length=50,
        description="Names for data tables beside their `sql_name`s, which need no declaration.",
        examples=[_INPUTS],
    )
    date_column: ColumnName | None = Field(
        None,
        description="Column of the last step that holds each row's day, a date in every row. With "
        "it the table has days, as those of daily reports.",
        examples=["date_start"],
    )

    @model_validator(mode="after")
    def _names_differ(self) -> "RecipeIn":
        names = [one.name for one in self.inputs]
        if len(names) != len(set(names)):
            raise ValueError("two inputs have the same name")
        return self


class RecipeNew(RecipeIn):
    """A recipe to create."""

    steps: list[Step] = Field(
        default_factory=list,
        max_length=MOST_STEPS,
        description="In order; they may also be added one by one.",
        examples=[
            [
                {
                    "kind": "group_by",
                    "name": "by_campaign",
                    "input": "demo_ads_ads",
                    "keys": ["account_id", "campaign_id"],
                    "aggregates": [{"function": "sum", "column": "spend"}],
                }
            ]
        ],
    )


class RecipePut(RecipeIn):
    """All that can be changed of a recipe; steps that are not given stay."""

    steps: list[Step] | None = Field(
        None, max_length=MOST_STEPS, description="In place of all steps there are.", examples=[None]
    )


class RecipePatch(BaseModel):
    """Changes to a recipe; what is left out stays."""

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=4000)
    inputs: list[RecipeInput] | None = Field(None, max_length=50, examples=[_INPUTS])
    date_column: ColumnName | None = None
    steps: list[Step] | None = Field(None, max_length=MOST_STEPS, examples=[None])


class RecipeOut(BaseModel):
    """Steps that build a data table in every workspace where the recipe is enabled."""

    id: int
    title: str = Field(examples=["Spend by campaign"])
    description: str
    state: State = Field(
        description="`new` without steps, `staging` while the steps as they are were not activated, "
        "`production` once they were.",
        examples=["production"],
    )
    is_active: bool = Field(description="Whether tables are built, from what was activated last.")
    steps_count: int
    created_at: datetime
    updated_at: datetime


class _Stored(BaseModel):
    id: int
    position: int = Field(description="From 1.")
    created_at: datetime
    updated_at: datetime


class StoredUnionStep(_Stored, UnionStep):
    """A union, as it is kept."""


class StoredJoinStep(_Stored, JoinStep):
    """A join, as it is kept."""


class StoredGroupByStep(_Stored, GroupByStep):
    """A group_by, as it is kept."""


class StoredConditionalMappingStep(_Stored, ConditionalMappingStep):
    """A conditional_mapping, as it is kept."""


class StoredSqlStep(_Stored, SqlStep):
    """A sql step, as it is kept."""


class RecipeStepOut(
    RootModel[
        Annotated[
            StoredUnionStep
            | StoredJoinStep
            | StoredGroupByStep
            | StoredConditionalMappingStep
            | StoredSqlStep,
            Field(discriminator="kind"),
        ]
    ]
):
    """A step of a recipe: what it was written with, and its id and place."""


class WorkspaceRecipeOut(BaseModel):
    """A recipe in a workspace: the table it builds there, and how that went."""

    workspace_id: int
    workspace_title: str = Field(examples=["Acme Ltd"])
    recipe_id: int
    data_table_id: int | None = Field(description="Null until the recipe was active there.")
    last_build_at: datetime | None
    error_text: str | None = Field(description="Why the last build failed; null if it did not.")


class RecipeDetail(RecipeOut):
    """A recipe with its steps and the workspaces it is enabled in."""

    inputs: list[RecipeInput] = Field(examples=[[]])
    date_column: str | None = Field(examples=["date_start"])
    steps: list[RecipeStepOut]
    workspaces: list[WorkspaceRecipeOut]


class EnableRecipeIn(BaseModel):
    """Which recipe to enable."""

    recipe_id: IdIn


class EnabledRecipeOut(BaseModel):
    """A recipe is enabled in a workspace."""

    workspace_id: int
    recipe_id: int
    enabled: bool


class RecipeBuildOut(BaseModel):
    """A build that was asked for."""

    run_id: int
    status: str = Field(examples=["waiting"])
