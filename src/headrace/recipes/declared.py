"""SQL of the declared kinds of steps, and the columns they give: pure, by composition."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.kit.closed_sql import SQL_TYPES, quoted
from headrace.kit.columns import NUMBERS, ColumnType, wider
from headrace.kit.told import Told, told
from headrace.recipes.errors import StepRefused
from headrace.recipes.expressions import (
    Columns,
    all_of,
    cell,
    condition,
    found,
    literal,
    type_of_value,
)
from headrace.recipes.steps import (
    MOST_COLUMNS,
    Aggregate,
    ConditionalMappingStep,
    GroupByStep,
    JoinStep,
    Scalar,
    UnionInput,
    UnionStep,
)
from headrace.recipes.steps import Mapping as MappingOf

Relations = Mapping[str, Columns]
"""What a step may read: columns by the name of the relation."""

Compiled = tuple[str, dict[str, ColumnType]]
"""A SELECT, and its columns in order."""

_ORDERED = (*NUMBERS, ColumnType.DATE, ColumnType.DATETIME, ColumnType.STRING)


def compile_declared(step: Any, relations: Relations) -> Compiled:
    """Write the SELECT of a union, join, group_by or conditional_mapping step.

    Raises:
        StepRefused: naming the step, and the input or column that is not there or does not fit.
    """
    compilers: dict[type, Callable[[Any, Relations], Compiled]] = {
        UnionStep: _union,
        JoinStep: _join,
        GroupByStep: _group_by,
        ConditionalMappingStep: _conditional_mapping,
    }
    sql, columns = compilers[type(step)](step, relations)
    if not columns:
        raise StepRefused(step.name, told("it gives no columns."))
    if len(columns) > MOST_COLUMNS:
        raise StepRefused(
            step.name,
            told("it gives more than {most_columns} columns.", most_columns=MOST_COLUMNS),
        )
    return sql, columns


def relation(step: str, name: str, relations: Relations) -> Columns:
    """Return the columns of an input of a step.

    Raises:
        StepRefused: if there is no such input.
    """
    if name not in relations:
        raise StepRefused(
            step,
            told(
                "there is no input {name!r}; give an earlier step, an input of the recipe, or "
                "the sql_name of a data table.",
                name=name,
            ),
        )
    return relations[name]


class _Names:
    """Names of the columns of a result; SQL does not tell upper from lower case."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._seen: dict[str, str] = {}

    def add(self, name: str) -> str:
        """Take a name.

        Raises:
            StepRefused: if the result has a column of that name already.
        """
        if name.lower() in self._seen:
            raise StepRefused(
                self._step,
                told("the result would have two columns {name!r}.", name=name),
            )
        self._seen[name.lower()] = name
        return name

    def has(self, name: str) -> bool:
        """Whether the result has a column of that name."""
        return name.lower() in self._seen


def _cast(expression: str, kind: ColumnType) -> str:
    return f"CAST({expression} AS {SQL_TYPES[kind]})"


def _select(chosen: Sequence[tuple[str, str]], rest: str) -> str:
    """Write a SELECT of (expression, name) pairs."""
    listed = ", ".join(f"{expression} AS {quoted(name)}" for expression, name in chosen)
    return f"SELECT {listed} {rest}"


# union


def _union(step: UnionStep, relations: Relations) -> Compiled:
    taken = [
        (given, _union_columns(step.name, given, relation(step.name, given.input, relations)))
        for given in step.inputs
    ]
    result: dict[str, ColumnType] = {}
    for given, columns in taken:
        for name, (_, kind) in columns.items():
            result[name] = _union_type(step.name, name, given.input, result.get(name), kind)
    names = _Names(step.name)
    for name in result:
        names.add(name)
    parts = []
    for given, columns in taken:
        chosen = [
            (
                _cast(quoted(columns[name][0]) if name in columns else "NULL", kind),
                name,
            )
            for name, kind in result.items()
        ]
        parts.append(_select(chosen, f"FROM {quoted(given.input)}"))
    return " UNION ALL ".join(parts), result


def _union_columns(
    step: str, given: UnionInput, columns: Columns
) -> dict[str, tuple[str, ColumnType]]:
    """Tell, by column of the result, which column of an input it is and of what type."""
    chosen = given.columns if given.columns is not None else {name: name for name in columns}
    return {
        name: (source, found(step, columns, source, told("the input {name!r}", name=given.input)))
        for name, source in chosen.items()
    }


def _union_type(
    step: str, name: str, place: str, before: ColumnType | None, kind: ColumnType
) -> ColumnType:
    if before is None or before == kind:
        return kind
    both = wider(before, kind)
    if both is ColumnType.STRING:
        raise StepRefused(
            step,
            told(
                "column {name!r} is {kind} in the input {place!r} and {before} in another; map "
                "it to another name, or cast it in a sql step.",
                name=name,
                kind=kind,
                place=place,
                before=before,
            ),
        )
    return both


# join


def _join(step: JoinStep, relations: Relations) -> Compiled:
    sides = {
        "left": relation(step.name, step.left, relations),
        "right": relation(step.name, step.right, relations),
    }
    tests = [_key_test(step, key.left, key.right, sides) for key in step.on]
    keys = {key.left: key.right for key in step.on}
    chosen: list[tuple[str, str]] = []
    result: dict[str, ColumnType] = {}
    names = _Names(step.name)
    for side, column, name in _join_columns(step, sides):
        place = (
            told("the left input {name!r}", name=step.left)
            if side == "left"
            else told("the right input {name!r}", name=step.right)
        )
        kind = found(step.name, sides[side], column, place)
        expression = f'"{side}".{quoted(column)}'
        if side == "left" and column in keys and step.how in ("right", "full"):
            # A row that only the right side has shows its key all the same.
            other = sides["right"][keys[column]]
            kind = wider(kind, other)
            right = f'"right".{quoted(keys[column])}'
            expression = f"coalesce({_cast(expression, kind)}, {_cast(right, kind)})"
        chosen.append((expression, names.add(name)))
        result[name] = kind
    source = (
        f'FROM {quoted(step.left)} AS "left" {step.how.upper()} JOIN {quoted(step.right)} '
        f'AS "right" ON {all_of(tests)}'
    )
    return _select(chosen, source), result


def _key_test(step: JoinStep, left: str, right: str, sides: Mapping[str, Columns]) -> str:
    one = found(step.name, sides["left"], left, told("the left input {name!r}", name=step.left))
    other = found(
        step.name, sides["right"], right, told("the right input {name!r}", name=step.right)
    )
    both = wider(one, other)
    if both is ColumnType.STRING and one != other:
        raise StepRefused(
            step.name,
            told(
                "column {left!r} of {step_left!r} is {one} and column {right!r} of "
                "{step_right!r} is {other}; they cannot be equal.",
                left=left,
                step_left=step.left,
                one=one,
                right=right,
                step_right=step.right,
                other=other,
            ),
        )
    sides_sql = (f'"left".{quoted(left)}', f'"right".{quoted(right)}')
    return " = ".join(_cast(side, both) for side in sides_sql)


def _join_columns(step: JoinStep, sides: Mapping[str, Columns]) -> list[tuple[str, str, str]]:
    """List (side, column, name) of the result."""
    if step.columns is not None:
        return [(one.side, one.column, one.name or one.column) for one in step.columns]
    names = _Names(step.name)
    whole = [("left", name, names.add(name)) for name in sides["left"]]
    rest = [name for name in sides["right"] if not names.has(name)]
    return whole + [("right", name, name) for name in rest]


# group_by


def _group_by(step: GroupByStep, relations: Relations) -> Compiled:
    columns = relation(step.name, step.input, relations)
    place = told("the input {name!r}", name=step.input)
    names = _Names(step.name)
    result = {names.add(key): found(step.name, columns, key, place) for key in step.keys}
    chosen = [(quoted(key), key) for key in step.keys]
    for one in step.aggregates:
        name = names.add(one.name or one.column or "rows")
        expression, kind = _aggregate(step.name, one, columns, place)
        chosen.append((_cast(expression, kind), name))
        result[name] = kind
    rest = f"FROM {quoted(step.input)}"
    if step.keys:
        rest += f" GROUP BY {', '.join(quoted(key) for key in step.keys)}"
    return _select(chosen, rest), result


def _aggregate(step: str, one: Aggregate, columns: Columns, place: Told) -> tuple[str, ColumnType]:
    if one.column is None:
        return "count(*)", ColumnType.INTEGER
    kind, name = found(step, columns, one.column, place), quoted(one.column)
    if one.function in ("count", "count_distinct"):
        distinct = "DISTINCT " if one.function == "count_distinct" else ""
        return f"count({distinct}{name})", ColumnType.INTEGER
    fitting = NUMBERS if one.function in ("sum", "avg") else _ORDERED
    if kind not in fitting:
        raise StepRefused(
            step,
            told(
                "{function} does not apply to column {column!r}, which is {kind}.",
                function=one.function,
                column=one.column,
                kind=kind,
            ),
        )
    if one.function == "avg" and kind is not ColumnType.FLOAT:
        return f"avg({name})", ColumnType.DECIMAL
    return f"{one.function}({name})", kind


# conditional_mapping


def _conditional_mapping(step: ConditionalMappingStep, relations: Relations) -> Compiled:
    columns = relation(step.name, step.input, relations)
    place = told("the input {name!r}", name=step.input)
    expressions = {name: quoted(name) for name in columns}
    result = dict(columns)
    by_lower = {name.lower(): name for name in columns}
    for one in step.mappings:
        name = by_lower.setdefault(one.column.lower(), one.column)
        expressions[name], result[name] = _mapped(step.name, one, columns, place)
    if step.keep is not None:
        names = _Names(step.name)
        for name in step.keep:
            found(step.name, result, names.add(name), told("the result"))
        result = {name: result[name] for name in step.keep}
    tests = [condition(step.name, one, columns, place) for one in step.filters]
    rest = f"FROM {quoted(step.input)} WHERE {all_of(tests)}"
    return _select([(expressions[name], name) for name in result], rest), result


def _mapped(step: str, one: MappingOf, columns: Columns, place: Told) -> tuple[str, ColumnType]:
    """Write the CASE of a mapped column, all of whose outcomes are of one type."""
    outcomes = [(case.value, case.column) for case in one.cases]
    outcomes.append((one.otherwise, one.otherwise_column))
    kind = _outcome_type(step, one.column, outcomes, columns, place)
    written = [_outcome(step, one.column, outcome, kind) for outcome in outcomes]
    whens = [
        f"WHEN {all_of([condition(step, test, columns, place) for test in case.when])} THEN {value}"
        for case, value in zip(one.cases, written[:-1], strict=True)
    ]
    if not whens:
        return written[-1], kind
    return f"CASE {' '.join(whens)} ELSE {written[-1]} END", kind


def _outcome_type(
    step: str,
    name: str,
    outcomes: Sequence[tuple[Scalar, str | None]],
    columns: Columns,
    place: Told,
) -> ColumnType:
    kind: ColumnType | None = None
    for value, column in outcomes:
        if value is not None and column is not None:
            raise StepRefused(
                step,
                told("column {name!r}: give a value or a column, not both.", name=name),
            )
        one = found(step, columns, column, place) if column else type_of_value(value)
        if one is None:
            continue
        both = one if kind is None else wider(kind, one)
        if both is ColumnType.STRING and ColumnType.STRING not in (kind, one):
            raise StepRefused(
                step,
                told(
                    "column {name!r} would be {kind} in one case, {one} in another.",
                    name=name,
                    kind=kind,
                    one=one,
                ),
            )
        kind = both
    return kind or ColumnType.STRING


def _outcome(step: str, name: str, outcome: tuple[Scalar, str | None], kind: ColumnType) -> str:
    value, column = outcome
    if column is not None:
        return _cast(quoted(column), kind)
    return literal(step, cell(step, name, kind, value), kind)
