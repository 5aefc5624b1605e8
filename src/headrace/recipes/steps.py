"""What the steps of a recipe are: their kinds and members, as clients write and we store them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from headrace.templates.filters import Operator

MOST_STEPS = 50
MOST_COLUMNS = 500
LONGEST_SQL = 20_000

StepName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="Unique in the recipe; later steps read the step's rows under it.",
        examples=["campaigns"],
    ),
]
InputName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=63,
        description="An earlier step, an input of the recipe, or the `sql_name` of a data table.",
        examples=["demo_ads_ads"],
    ),
]
ColumnName = Annotated[str, Field(min_length=1, max_length=63, examples=["spend"])]
NewColumn = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$", max_length=63, examples=["spend"])
]
Scalar = str | int | float | bool | None


class _Part(BaseModel):
    # A misspelled member of a calculation, ignored, would change its result without a word.
    model_config = ConfigDict(extra="forbid")


# What an answer shows beside a step's own members: a step read may be sent back as it is.
_SHOWN = frozenset({"id", "position", "created_at", "updated_at"})


class _Step(_Part):
    name: StepName

    @model_validator(mode="before")
    @classmethod
    def _as_shown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            extra = _SHOWN - cls.model_fields.keys()
            given = {name: value for name, value in given.items() if name not in extra}
        return given


class Condition(_Part):
    """A test of one column; a missing value equals null and nothing else."""

    column: ColumnName
    operator: Operator = Field(examples=["gte"])
    value: Scalar | list[Scalar] = Field(
        None, description="A list with `in` and `not_in`.", examples=[100]
    )


class UnionInput(_Part):
    """Rows that a union takes, and which of their columns become which."""

    input: InputName
    columns: dict[NewColumn, ColumnName] | None = Field(
        None,
        max_length=MOST_COLUMNS,
        description="Column of the result → column of this input; absent: all, under their names.",
        examples=[{"spend": "cost"}],
    )


class UnionStep(_Step):
    """All rows of several inputs, one after another; columns an input lacks are null in its rows."""

    kind: Literal["union"]
    inputs: list[UnionInput] = Field(min_length=1, max_length=50)

    @model_validator(mode="before")
    @classmethod
    def _names_alone(cls, given: Any) -> Any:
        """Read a bare name as an input whose columns keep their names."""
        if isinstance(given, dict) and isinstance(given.get("inputs"), list):
            whole = [{"input": one} if isinstance(one, str) else one for one in given["inputs"]]
            given = given | {"inputs": whole}
        return given


class JoinKey(_Part):
    """A pair of columns whose values must be equal."""

    left: ColumnName
    right: ColumnName


class JoinColumn(_Part):
    """A column of the result of a join."""

    side: Literal["left", "right"]
    column: ColumnName
    name: NewColumn | None = Field(None, description="Absent: it keeps its name.")


class JoinStep(_Step):
    """Rows of two inputs side by side where keys are equal; a null key equals nothing."""

    kind: Literal["join"]
    left: InputName
    right: InputName
    how: Literal["inner", "left", "right", "full"] = "left"
    on: list[JoinKey] = Field(min_length=1, max_length=20)
    columns: list[JoinColumn] | None = Field(
        None,
        min_length=1,
        max_length=MOST_COLUMNS,
        description="Columns to keep; absent: those of the left, then those of the right that the "
        "left has no namesake of.",
    )

    @model_validator(mode="before")
    @classmethod
    def _names_alone(cls, given: Any) -> Any:
        """Read a bare name as a key that has the same name on both sides."""
        if isinstance(given, dict) and isinstance(given.get("on"), list):
            pairs = [
                {"left": one, "right": one} if isinstance(one, str) else one for one in given["on"]
            ]
            given = given | {"on": pairs}
        return given


class Aggregate(_Part):
    """A figure of each group; nulls are left out, and a figure of no values is null (a count 0)."""

    function: Literal["sum", "min", "max", "avg", "count", "count_distinct"]
    column: ColumnName | None = Field(None, description="`count` without it counts rows.")
    name: NewColumn | None = Field(None, description="Absent: the column's, or `rows`.")

    @model_validator(mode="after")
    def _column_unless_counting(self) -> "Aggregate":
        if self.column is None and self.function != "count":
            raise ValueError(f"{self.function} needs a column")
        return self


class GroupByStep(_Step):
    """One row for each combination of the keys' values, null being a value like others."""

    kind: Literal["group_by"]
    input: InputName
    keys: list[ColumnName] = Field(default_factory=list, max_length=100)
    aggregates: list[Aggregate] = Field(default_factory=list, max_length=200)

    @model_validator(mode="after")
    def _something(self) -> "GroupByStep":
        if not self.keys and not self.aggregates:
            raise ValueError("give keys, aggregates, or both")
        return self


class Case(_Part):
    """What a mapped column is where all conditions hold: a value, or another column's value."""

    when: list[Condition] = Field(min_length=1, max_length=50)
    value: Scalar = None
    column: ColumnName | None = None


class Mapping(_Part):
    """A column set by the first case that holds, else by `otherwise` (a value or a column)."""

    column: NewColumn = Field(description="A new column, or one to set anew.")
    cases: list[Case] = Field(default_factory=list, max_length=200)
    otherwise: Scalar = None
    otherwise_column: ColumnName | None = Field(None, description="In place of `otherwise`.")


class ConditionalMappingStep(_Step):
    """Keep the rows for which all filters hold, and set columns by cases."""

    kind: Literal["conditional_mapping"]
    input: InputName
    filters: list[Condition] = Field(default_factory=list, max_length=50)
    mappings: list[Mapping] = Field(default_factory=list, max_length=100)
    keep: list[ColumnName] | None = Field(
        None,
        min_length=1,
        max_length=MOST_COLUMNS,
        description="Columns of the result; absent: all of the input, then the new ones.",
    )


class SqlStep(_Step):
    """One SELECT over earlier steps, inputs and data tables, in DuckDB's dialect."""

    kind: Literal["sql"]
    sql: str = Field(
        min_length=1,
        max_length=LONGEST_SQL,
        examples=["SELECT date_start, sum(spend) AS spend FROM demo_ads_ads GROUP BY date_start"],
    )


Step = Annotated[
    UnionStep | JoinStep | GroupByStep | ConditionalMappingStep | SqlStep,
    Field(discriminator="kind"),
]
STEP: TypeAdapter[Step] = TypeAdapter(Step)
"""Reads one step from what a client sent or we stored."""
