"""The engine of recipes: steps and the shapes of their inputs in, one SELECT and its columns out.

It knows no workspace, no lake and no database of ours; the columns of SQL steps are worked out in a
process of their own, for what others wrote can take any time. What it returns is one statement over
relations named as the inputs are, fit for `table_store.sql.stream`: every relation, function and
kind of expression in it was checked against what is allowed, by the parser that will execute it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.kit.closed_sql import quoted
from headrace.kit.closed_sql_process import confined_describe
from headrace.kit.columns import Column, ColumnType
from headrace.kit.told import told
from headrace.recipes.allowed_sql import check_statement, columns_named, relations_read
from headrace.recipes.declared import compile_declared
from headrace.recipes.errors import StepRefused
from headrace.recipes.sql_steps import compile_sql
from headrace.recipes.steps import MOST_STEPS, SqlStep, Step


@dataclass(frozen=True)
class Plan:
    """What steps come to.

    sql: one SELECT of all columns of the last step, over the relations in `reads`.
    columns: those of the last step, in order.
    steps: the columns of every step, by its name.
    reads: names of the inputs that are needed.
    named: names of columns in the statement, in lower case; None where it may mean all of some.
    """

    sql: str
    columns: tuple[Column, ...]
    steps: Mapping[str, tuple[Column, ...]]
    reads: frozenset[str]
    named: frozenset[str] | None

    def needs(self, column: str) -> bool:
        """Whether a column of that name, of any input, can matter to the result."""
        return self.named is None or column.lower() in self.named


def inputs_named(steps: Sequence[Step]) -> list[str]:
    """Return the names that steps read and no earlier step has, in order of appearance.

    Raises:
        StepRefused: if a `sql` step is not one SELECT of what is allowed.
    """
    names: dict[str, None] = {}
    earlier: set[str] = set()
    for step in steps:
        read = relations_read(step.name, step.sql) if isinstance(step, SqlStep) else _named(step)
        names |= dict.fromkeys(name for name in read if name not in earlier)
        earlier.add(step.name)
    return list(names)


def plan(steps: Sequence[Step], inputs: Mapping[str, Sequence[Column]]) -> Plan:
    """Compile steps over inputs whose columns are known.

    steps: in order; each may read the inputs and the steps before it.
    inputs: the columns of every relation that may be read, by the name it has in the steps.

    Raises:
        StepRefused: naming the step, and the column where it is one: a name is missing or appears
            twice, a type does not fit, an SQL statement is wrong or asks for more than it may.
    """
    if not steps:
        raise ValueError("there are no steps")
    if len(steps) > MOST_STEPS:
        raise StepRefused(
            steps[MOST_STEPS].name,
            told("a recipe has at most {most_steps} steps.", most_steps=MOST_STEPS),
        )
    shapes: dict[str, dict[str, ColumnType]] = {
        name: {column.name: column.type for column in columns} for name, columns in inputs.items()
    }
    compiled: dict[str, str] = {}
    with confined_describe() as describe:
        for step in steps:
            if step.name in compiled or step.name in inputs:
                raise StepRefused(step.name, told("an input or an earlier step has the same name."))
            if isinstance(step, SqlStep):
                sql, columns = compile_sql(step, shapes, describe)
            else:
                sql, columns = compile_declared(step, shapes)
            compiled[step.name] = sql
            shapes[step.name] = columns
    last = steps[-1].name
    statement = _statement(compiled, last, shapes[last])
    reads = check_statement(last, statement, allowed=inputs.keys())
    return Plan(
        sql=statement,
        columns=_columns(shapes[last]),
        steps={name: _columns(shapes[name]) for name in compiled},
        reads=frozenset(reads),
        named=columns_named(statement),
    )


def _statement(compiled: Mapping[str, str], last: str, columns: Mapping[str, ColumnType]) -> str:
    # A line of its own for the bracket: an SQL step may end in a comment.
    parts = ", ".join(f"{quoted(name)} AS ({sql}\n)" for name, sql in compiled.items())
    chosen = ", ".join(quoted(name) for name in columns)
    return f"WITH {parts} SELECT {chosen} FROM {quoted(last)}"  # noqa: S608 - names are quoted


def _columns(shape: Mapping[str, ColumnType]) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in shape.items())


def _named(step: Step) -> list[str]:
    if isinstance(step, SqlStep):
        return []
    if step.kind == "union":
        return [one.input for one in step.inputs]
    if step.kind == "join":
        return [step.left, step.right]
    return [step.input]
