"""SQL steps: one checked SELECT, whose columns are made to be of our types."""

import re

from headrace.kit.closed_sql import SQL_TYPES, column_type_of_sql, quoted
from headrace.kit.closed_sql_process import Describe
from headrace.kit.columns import ColumnType
from headrace.kit.told import told, told_by
from headrace.recipes.allowed_sql import check_statement
from headrace.recipes.declared import Compiled, Relations
from headrace.recipes.errors import StepRefused
from headrace.recipes.steps import MOST_COLUMNS, SqlStep

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def compile_sql(step: SqlStep, relations: Relations, describe: Describe) -> Compiled:
    """Check the SELECT of a sql step, and cast its columns to the types that tables have.

    describe: tells the columns of a SELECT, as `closed_sql.describe` does.

    Raises:
        StepRefused: if it is not one SELECT of what is allowed, or names what is not there, or a
            column of it has no fit name or no type that a table can hold.
    """
    reads = check_statement(step.name, step.sql, allowed=relations.keys())
    text = step.sql.strip().removesuffix(";")
    try:
        given = describe(text, {name: relations[name] for name in reads})
    except ValueError as error:
        raise StepRefused(step.name, told_by(error)) from error
    if len(given) > MOST_COLUMNS:
        raise StepRefused(
            step.name,
            told("it gives more than {most_columns} columns.", most_columns=MOST_COLUMNS),
        )
    columns: dict[str, ColumnType] = {}
    chosen = []
    for name, sql_type in given:
        kind = _fit(step.name, name, sql_type, columns)
        columns[name] = kind
        chosen.append(f"CAST({quoted(name)} AS {SQL_TYPES[kind]}) AS {quoted(name)}")
    # A line of its own for the bracket: the statement may end in a comment.
    listed = ", ".join(chosen)
    return f"SELECT {listed} FROM ({text}\n) AS given", columns  # noqa: S608 - checked above


def _fit(step: str, name: str, sql_type: str, before: dict[str, ColumnType]) -> ColumnType:
    if not _NAME.fullmatch(name):
        raise StepRefused(
            step,
            told(
                "column {name!r} needs a name of letters, digits and _: write AS name.",
                name=name[:60],
            ),
        )
    if name.lower() in {one.lower() for one in before}:
        raise StepRefused(
            step,
            told("the result would have two columns {name!r}.", name=name),
        )
    kind = column_type_of_sql(sql_type)
    if kind is None:
        raise StepRefused(
            step,
            told(
                "column {name!r} is of the type {sql_type}, which no table holds; cast it.",
                name=name,
                sql_type=sql_type,
            ),
        )
    return kind
