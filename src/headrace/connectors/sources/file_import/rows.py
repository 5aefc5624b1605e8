"""The rows of a prepared file in the types of `kit.columns`: first a look at all, then the read."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.contract import BadValues, Journal
from headrace.connectors.sources.file_import import parquet_types
from headrace.connectors.sources.file_import.columns import (
    DAY_TYPES,
    Block,
    ColumnSurvey,
    FileColumn,
    check_names,
    mark_missing,
    schema_of,
    typed,
)
from headrace.connectors.sources.file_import.delimited import DelimitedFile
from headrace.connectors.sources.file_import.json_lines import JsonGuess, JsonLinesFile
from headrace.connectors.sources.file_import.parquet_files import ParquetRows
from headrace.connectors.sources.file_import.preparation import Prepared
from headrace.connectors.sources.file_import.settings import FileFormat, FileSettings
from headrace.connectors.sources.file_import.text_types import ColumnGuess
from headrace.connectors.sources.file_import.text_values import Converted, convert_declared
from headrace.connectors.sources.file_import.tolerance import WHOLE_ROW, Tolerance
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

_NUL = "\0"


def typed_rows(
    source: Prepared, settings: FileSettings, policy: BadValues, journal: Journal
) -> Iterator[pa.RecordBatch]:
    """Yield every row of a file; all batches share one schema.

    Raises:
        Refused: if the file cannot be read as what it is, or holds bad values under the policy
            to fail.
    """
    tolerance = Tolerance(policy, journal, source.name)
    if source.format is FileFormat.PARQUET:
        return _parquet_rows(ParquetRows(source), settings, tolerance)
    if source.format is FileFormat.JSON_LINES:
        return _json_rows(JsonLinesFile(source), settings, tolerance)
    if source.first_nul_line is not None and tolerance.fails:
        raise Refused(
            told(
                "{name}, line {line}: there is a NUL character, so this is no plain "
                "text. Check the file and its encoding.",
                name=source.name,
                line=source.first_nul_line,
            )
        )
    return _delimited_rows(
        DelimitedFile(source, settings), settings, tolerance, source.first_nul_line is not None
    )


def _delimited_rows(
    file: DelimitedFile, settings: FileSettings, tolerance: Tolerance, has_nul: bool
) -> Iterator[pa.RecordBatch]:
    check_names(settings.types, settings.date_column, file.names, file.name)
    columns = _delimited_columns(file, settings, tolerance, has_nul)
    tolerance = tolerance.placed(
        lambda number: told("line {line}", line=file.line_numbers([number])[0]),
        _type_names(columns),
    )
    for block, ragged in file.blocks():
        for number, _, text in ragged:
            tolerance.bad_value(WHOLE_ROW, number, text)
        if has_nul:
            block = _without_nul(block, tolerance)
        yield typed(block, columns, tolerance.bad_value, settings.date_column)


def _delimited_columns(
    file: DelimitedFile, settings: FileSettings, tolerance: Tolerance, has_nul: bool
) -> list[FileColumn]:
    surveys = [(_survey(name, settings), ColumnGuess()) for name in file.names]
    for block, ragged in file.blocks():
        if ragged and tolerance.fails:
            raise file.ragged_refusal(ragged)
        if has_nul:
            block = _without_nul(block, None)
        for (survey, guess), texts in zip(surveys, block.rows.columns, strict=True):
            if survey.declared is None:
                guess.observe(texts)
            survey.observe(texts, guess.type)
    return [survey.column(guess.type) for survey, guess in surveys]


def _survey(name: str, settings: FileSettings) -> ColumnSurvey:
    return ColumnSurvey(name, settings.types.get(name), name == settings.date_column)


def _without_nul(block: Block, tolerance: Tolerance | None) -> Block:
    """Put null in the place of texts with a NUL character, which few destinations can keep."""
    arrays = []
    for name, texts in zip(block.rows.schema.names, block.rows.columns, strict=True):
        has_nul = pc.match_substring(texts, _NUL)
        if tolerance is not None:
            for position in pc.indices_nonzero(has_nul).to_pylist():
                tolerance.bad_value(name, block.row_number(position), texts[position].as_py())
        arrays.append(pc.if_else(has_nul, pa.scalar(None, pa.string()), texts))
    return Block(pa.RecordBatch.from_arrays(arrays, schema=block.rows.schema), block.row_number)


def _json_rows(
    file: JsonLinesFile, settings: FileSettings, tolerance: Tolerance
) -> Iterator[pa.RecordBatch]:
    columns = _json_columns(file, settings, tolerance)
    names = [column.name for column in columns]
    tolerance = tolerance.placed(
        lambda number: told("line {line}", line=number), _type_names(columns)
    )
    for found in file.blocks(names):
        for line in found.bad:
            tolerance.bad_value(WHOLE_ROW, line.number, line.text)
        yield typed(found.block, columns, tolerance.bad_value, settings.date_column)


def _json_columns(
    file: JsonLinesFile, settings: FileSettings, tolerance: Tolerance
) -> list[FileColumn]:
    surveys: dict[str, tuple[ColumnSurvey, JsonGuess]] = {}
    for found in file.blocks():
        if found.bad and tolerance.fails:
            line = found.bad[0]
            raise Refused(
                told(
                    "{name}, line {number}: this is not a JSON object: {text!r}",
                    name=file.name,
                    number=line.number,
                    text=line.text[:80],
                )
            )
        rows = found.block.rows
        for name, texts, is_string in zip(
            rows.schema.names, rows.columns, found.is_string, strict=True
        ):
            survey, guess = surveys.setdefault(name, (_survey(name, settings), JsonGuess()))
            guess.observe(texts, is_string)
            survey.observe(texts, guess.type)
        file.check_column_count(len(surveys))
    check_names(settings.types, settings.date_column, list(surveys), file.name)
    return [survey.column(guess.type) for survey, guess in surveys.values()]


def _parquet_rows(
    file: ParquetRows, settings: FileSettings, tolerance: Tolerance
) -> Iterator[pa.RecordBatch]:
    check_names(settings.types, settings.date_column, file.names, file.name)
    columns = _parquet_columns(file, settings)
    schema = schema_of(columns)
    tolerance = tolerance.placed(lambda number: told("row {row}", row=number), _type_names(columns))
    for block in file.blocks():
        arrays = []
        for values, column in zip(block.rows.columns, columns, strict=True):
            found = _parquet_values(values, column)
            if column.name == settings.date_column:
                found = mark_missing(found)
            for position in found.bad:
                tolerance.bad_value(
                    column.name, block.row_number(position), parquet_types.shown(values[position])
                )
            arrays.append(found.values)
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _parquet_values(values: pa.Array, column: FileColumn) -> Converted:
    if column.is_declared:
        texts = parquet_types.as_text(values)
        return convert_declared(texts, column.type, column.day_order)
    return parquet_types.converted(values, column.type)


def _parquet_columns(file: ParquetRows, settings: FileSettings) -> list[FileColumn]:
    """Map the file's types; where the settings or the digits ask for it, look at the values."""
    own = {
        name: parquet_types.column_type(arrow_type)
        for name, arrow_type in zip(file.names, file.types, strict=True)
    }
    declared = {name: kind for name, kind in settings.types.items() if own[name] is not kind}
    day = settings.date_column
    if day is not None and own[day] not in DAY_TYPES:
        declared.setdefault(day, ColumnType.DATE)
    surveys = {name: ColumnSurvey(name, kind) for name, kind in declared.items()}
    doubtful = {
        name
        for name, arrow_type in zip(file.names, file.types, strict=True)
        if parquet_types.may_not_fit(arrow_type) and name not in declared
    }
    too_long = _look(file, surveys, doubtful)
    return [
        surveys[name].column(own[name])
        if name in surveys
        else FileColumn(name, ColumnType.STRING if name in too_long else own[name])
        for name in file.names
    ]


def _look(file: ParquetRows, surveys: dict[str, ColumnSurvey], doubtful: set[str]) -> set[str]:
    """Show surveys their columns; return the doubtful ones with values our decimals cannot hold."""
    days = {name for name, survey in surveys.items() if survey.declared is ColumnType.DATE}
    too_long: set[str] = set()
    if not days | doubtful:
        return too_long
    for block in file.blocks(days | doubtful):
        for name, values in zip(block.rows.schema.names, block.rows.columns, strict=True):
            if name in days:
                surveys[name].observe(parquet_types.as_text(values), ColumnType.STRING)
            elif name not in too_long and not parquet_types.fits(values):
                too_long.add(name)
    return too_long


def _type_names(columns: list[FileColumn]) -> dict[str, str]:
    return {column.name: column.type.value for column in columns}
