"""Which SQL a recipe may hold: an allow-list over the tree that DuckDB's own parser makes of it.

The tree comes from the parser that executes the statement, so the two cannot read it differently.
Whatever is not named here is refused: kinds of nodes, functions, types, relations.
"""

from collections.abc import Collection, Mapping
from typing import Any

from headrace.kit.closed_sql import syntax_tree
from headrace.kit.told import Told, told, told_by
from headrace.recipes.allowed_functions import FUNCTIONS, LITERAL_LENGTHS, LONGEST_PADDING
from headrace.recipes.errors import StepRefused

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_SOURCES = {"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION"}
_MODIFIERS = {"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "ORDER_MODIFIER"}
_ORDERS = {"ORDER_DEFAULT", "ASCENDING", "DESCENDING"}
_NODES = _QUERIES | _SOURCES | _MODIFIERS | _ORDERS
_EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION",
    "OPERATOR", "STAR", "SUBQUERY", "TYPE", "WINDOW",
}  # fmt: skip
_TYPES = {
    "bigint", "boolean", "bool", "date", "dec", "decimal", "double", "float", "float4", "float8",
    "hugeint", "int", "int1", "int2", "int4", "int8", "integer", "interval", "numeric", "real",
    "smallint", "string", "text", "time", "timestamp", "timestamptz", "timestamp with time zone",
    "timestamp without time zone", "tinyint", "ubigint", "uinteger", "usmallint", "utinyint",
    "uuid", "varchar", "char", "bpchar", "character varying",
}  # fmt: skip
_SERIES = {"range", "generate_series"}
_TABLE_FUNCTIONS = _SERIES | {"unnest"}
# The bounds of a series are worked out before anything runs: so nothing that can grow.
_SERIES_FUNCTIONS = {"+", "-", "today", "current_date", "to_days", "to_months", "to_years", "trunc"}
_DEEPEST = 500


def relations_read(step: str, sql: str) -> set[str]:
    """Return the names of relations outside a statement that it reads, in lower case.

    Raises:
        StepRefused: if it is not one SELECT of what is allowed.
    """
    return _Check(step, None).read(sql)


def check_statement(step: str, sql: str, allowed: Collection[str]) -> set[str]:
    """Check a whole statement, and return which of the relations allowed it reads.

    Raises:
        StepRefused: if it is not one SELECT of what is allowed, or reads any other relation.
    """
    by_lower = {name.lower(): name for name in allowed}
    return {by_lower[name] for name in _Check(step, by_lower.keys()).read(sql)}


def columns_named(sql: str) -> frozenset[str] | None:
    """Return the names of columns anywhere in a statement, in lower case, or perhaps more.

    None where it may mean columns without naming them: by `*`, by a natural join, or by the name of
    a whole row. Reading only what is named spares most of a wide table.
    """
    names: set[str] = set()
    alone: set[str] = set()
    relations: set[str] = set()
    pending: list[Any] = [syntax_tree(sql)]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            if node.get("class") == "STAR" or node.get("ref_type") == "NATURAL":
                return None
            path = [part.lower() for part in node.get("column_names", ())]
            alone.update(path if len(path) == 1 else ())
            names.update(path[1:] if len(path) > 1 else path)
            names.update(part.lower() for part in node.get("using_columns", ()))
            if node.get("class") is None:
                relations.update(str(node.get(key, "")).lower() for key in ("alias", "table_name"))
            pending += node.values()
    return None if alone & relations else frozenset(names)


class _Check:
    """One pass over a tree; `allowed` names relations in lower case, None allows any name."""

    def __init__(self, step: str, allowed: Collection[str] | None) -> None:
        self._step = step
        self._allowed = allowed
        self._read: set[str] = set()

    def read(self, sql: str) -> set[str]:
        """Check a statement and return the relations it reads."""
        try:
            tree = syntax_tree(sql)
        except ValueError as error:
            raise self._refused(told_by(error)) from error
        statements = tree["statements"]
        if len(statements) != 1:
            raise self._refused(told("give one SELECT statement, and no more."))
        self._visit(statements[0], frozenset(), 0)
        return self._read

    def _refused(self, message: Told) -> StepRefused:
        return StepRefused(self._step, message)

    def _visit(self, node: Any, names: frozenset[str], depth: int) -> None:
        """Check a node and all below it; `names` are those that WITH gave by here."""
        if depth > _DEEPEST:
            raise self._refused(told("the statement is nested too deeply."))
        if isinstance(node, list):
            for one in node:
                self._visit(one, names, depth + 1)
        elif isinstance(node, dict):
            names = self._visit_ctes(node, names, depth)
            self._check(node, names)
            for key, one in node.items():
                if key == "function" and node.get("type") == "TABLE_FUNCTION":
                    self._visit(one["arguments"], names, depth + 1)  # it was checked as a source
                elif key != "cte_map":
                    self._visit(one, names, depth + 1)

    def _visit_ctes(
        self, node: Mapping[str, Any], names: frozenset[str], depth: int
    ) -> frozenset[str]:
        """Check the parts of a WITH, each of which sees those before it; return all names."""
        for entry in node.get("cte_map", {}).get("map", ()):
            own, value = entry["key"].lower(), entry["value"]
            recursive = value["query_node"]["type"] == "RECURSIVE_CTE_NODE"
            self._visit(value, names | {own} if recursive else names, depth + 1)
            names |= {own}
        return names

    def _check(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        kind = node.get("type")
        if "class" in node:
            if node["class"] not in _EXPRESSIONS:
                raise self._refused(
                    told(
                        "{words} is not allowed in a recipe.",
                        words=_words(node["class"]),
                    )
                )
            self._check_expression(node)
        elif isinstance(kind, str):
            if kind not in _NODES:
                raise self._refused(
                    told(
                        "{words} is not allowed in a recipe.",
                        words=_words(kind),
                    )
                )
            self._check_source(node, names)

    def _check_expression(self, node: Mapping[str, Any]) -> None:
        kind = node["class"]
        if kind in ("FUNCTION", "WINDOW"):
            self._check_function(node, FUNCTIONS)
        elif kind == "TYPE":
            name = node["type_name"].lower()
            if node["catalog"] or node["schema"] or name not in _TYPES:
                raise self._refused(
                    told(
                        "the type {node!r} is not allowed in a recipe.",
                        node=node["type_name"],
                    )
                )

    def _check_function(self, node: Mapping[str, Any], allowed: Collection[str]) -> None:
        name = node["function_name"].lower()
        path = node["qualified_name"]["path"]
        if node["catalog"] or node["schema"] or len(path) != 1 or name not in allowed:
            raise self._refused(
                told(
                    "the function {path!r} is not allowed in a recipe.",
                    path=".".join(path),
                )
            )
        position = LITERAL_LENGTHS.get(name)
        if position is not None:
            given = [one["expression"] for one in node["arguments"]]
            literal = given[position].get("literal", {}) if len(given) > position else {}
            text = str(literal.get("text", ""))
            if literal.get("kind") != "INTEGER" or len(text) > 4 or int(text) > LONGEST_PADDING:
                raise self._refused(
                    told(
                        "{name} takes a length written as a number of at most {longest_padding}.",
                        name=name,
                        longest_padding=LONGEST_PADDING,
                    )
                )

    def _check_source(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        if node.get("sample") is not None:
            raise self._refused(told("TABLESAMPLE is not allowed in a recipe."))
        if node["type"] == "BASE_TABLE":
            self._check_table(node, names)
        elif node["type"] == "TABLE_FUNCTION":
            function = node["function"]
            self._check_function(function, _TABLE_FUNCTIONS)
            if function["function_name"].lower() in _SERIES:
                for one in function["arguments"]:
                    self._check_bound(one["expression"])

    def _check_table(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        name = node["table_name"]
        path = node["qualified_name"]["path"]
        if node["catalog_name"] or node["schema_name"] or len(path) != 1 or node["at_clause"]:
            raise self._refused(
                told(
                    "{path!r} is no data table of the workspace; name tables by their sql_name alone.",
                    path=".".join(path),
                )
            )
        if name.lower() in names:
            return
        if self._allowed is not None and name.lower() not in self._allowed:
            raise self._refused(
                told(
                    "there is no input {name!r}; give an earlier step, an input of the recipe, or "
                    "the sql_name of a data table.",
                    name=name,
                )
            )
        self._read.add(name.lower())

    def _check_bound(self, node: Any) -> None:
        """Hold the bounds of a series to dates and numbers as they are written."""
        if isinstance(node, list):
            for one in node:
                self._check_bound(one)
        elif isinstance(node, dict):
            kind = node.get("class", "CONSTANT")
            if kind == "FUNCTION":
                self._check_function(node, _SERIES_FUNCTIONS)
            elif kind not in ("CONSTANT", "CAST", "TYPE", "COLUMN_REF"):
                raise self._refused(told("a series takes dates or numbers as bounds, and no more."))
            for one in node.values():
                self._check_bound(one)


def _words(kind: str) -> str:
    return kind.removesuffix("_NODE").removesuffix("_REF").replace("_", " ")
