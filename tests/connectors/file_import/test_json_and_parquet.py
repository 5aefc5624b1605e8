"""JSON lines and Parquet: every digit, every type, and what is damaged."""

import io
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.file_import.imports import access_to_file, rows_of, types_of
from fakes.journal import RecordingJournal
from headrace.connectors.contract import BadValues
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused

COUNT = BadValues.NULL_AND_COUNT


def read(folder, content, name="a.csv", **how):
    settings = {key: how.pop(key) for key in list(how) if key not in {"journal", "bad_values"}}
    content = content.encode() if isinstance(content, str) else content
    return rows_of(access_to_file(folder, name, content, **settings), **how)


def test_json_lines_keep_every_digit_and_vary_their_keys(tmp_path):
    content = (
        '{"id":123456789012345678901234567890,"m":1.10,"n":{"x":1.50,"y":[1e400]}}\n'
        "\n"
        '{"m":2,"s":"a\\"\\u00e9\\n","late":true,"n":"text"}\r\n'
        '{"s":"\\ud83d\\ude80","m":1e3}\n'
    )
    assert read(tmp_path, content, "a.jsonl") == [
        {"id": "123456789012345678901234567890", "m": Decimal("1.1"),
         "n": '{"x":1.50,"y":[1e400]}', "s": None, "late": None},
        {"id": None, "m": 2, "n": "text", "s": 'a"é\n', "late": True},
        {"id": None, "m": 1000, "n": None, "s": "🚀", "late": None},
    ]  # fmt: skip


def test_json_bad_lines_are_left_out_and_counted(tmp_path):
    journal = RecordingJournal()
    content = '{"a":1}\n{oops}\n{"a":"x"}\n'
    rows = read(
        tmp_path, content, "a.jsonl", bad_values=COUNT, journal=journal, types={"a": "integer"}
    )
    assert rows == [{"a": 1}, {"a": None}]
    assert [(bad.column, bad.row_number) for bad in journal.bad_values] == [
        ("(whole row)", 2),
        ("a", 3),
    ]


def test_too_many_json_keys_are_refused(tmp_path):  # S89
    content = "\n".join(f'{{"k{number}":1}}' for number in range(5_001))
    with pytest.raises(Refused, match="keys"):
        read(tmp_path, content, "a.jsonl")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "ü"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=5)
            | st.lists(st.integers(), max_size=2),
            min_size=1,
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_json_values_come_back(tmp_path_factory, objects):
    content = "\n".join(json.dumps(item) for item in objects)
    access = access_to_file(tmp_path_factory.mktemp("j"), "a.jsonl", content.encode())
    kinds = types_of(access)
    for item, row in zip(objects, rows_of(access), strict=True):
        for name, kind in kinds.items():
            value = item.get(name)
            if kind is ColumnType.STRING and not isinstance(value, str | None):
                assert json.loads(row[name]) == value
            else:
                assert row[name] == (
                    None if value == "" and kind is not ColumnType.STRING else value
                )


def test_parquet_types_become_ours(tmp_path):
    moment = datetime(2026, 3, 1, 10, 0, 0, 123456, UTC)
    columns = {
        "u8": (pa.uint8(), 255, 255),
        "u64": (pa.uint64(), 2**64 - 1, Decimal(2**64 - 1)),
        "i64": (pa.int64(), -(2**63), -(2**63)),
        "f16": (pa.float16(), 1.5, 1.5),
        "f32": (pa.float32(), 0.5, 0.5),
        "f64": (pa.float64(), 0.1, 0.1),
        "nan": (pa.float64(), float("nan"), None),
        "d2": (pa.decimal128(10, 2), Decimal("1.50"), Decimal("1.5")),
        "d18": (pa.decimal128(38, 18), Decimal("1.5"), Decimal("1.5")),
        "d18long": (pa.decimal128(38, 18), Decimal("1.0000000000001"), "1.000000000000100000"),
        "d256": (pa.decimal256(60, 2), Decimal("7.25"), Decimal("7.25")),
        "day": (pa.date32(), date(2026, 3, 1), date(2026, 3, 1)),
        "day64": (pa.date64(), date(2026, 3, 1), date(2026, 3, 1)),
        "ts_ns": (pa.timestamp("ns", "Europe/Berlin"), moment, moment),
        "ts_ms": (
            pa.timestamp("ms"),
            moment.replace(tzinfo=None),
            moment.replace(microsecond=123000),
        ),
        "time": (pa.time64("us"), time(10, 30), "10:30:00.000000"),
        "duration": (pa.duration("us"), timedelta(seconds=1), "1000000"),
        "dict": (pa.dictionary(pa.int32(), pa.string()), "é", "é"),
        "large": (pa.large_string(), "é", "é"),
        "bytes": (pa.binary(), "é".encode(), "é"),
        "raw": (pa.binary(2), b"\xff\x00", "\\xff00"),
        "list": (pa.list_(pa.int64()), [1, None], "[1,null]"),
        "struct": (
            pa.struct([("m", pa.decimal128(5, 2)), ("d", pa.date32())]),
            {"m": Decimal("1.50"), "d": date(2026, 3, 1)},
            '{"m":1.50,"d":"2026-03-01"}',
        ),
        "map": (pa.map_(pa.string(), pa.int64()), [("k", 1)], '{"k":1}'),
        "bool": (pa.bool_(), True, True),
        "nothing": (pa.null(), None, None),
    }
    arrays = [pa.array([value, None], kind) for kind, value, _ in columns.values()]
    uuid = UUID("0b8e2c54-8f2c-4bb7-a4a9-4f3f0f3c7d11")
    arrays.append(pa.array([uuid.bytes, None], pa.uuid()))
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[*columns, "uuid"]), buffer)
    rows = read(tmp_path, buffer.getvalue(), "a.parquet")
    expected = {name: value for name, (_, _, value) in columns.items()} | {"uuid": str(uuid)}
    assert rows == [expected, dict.fromkeys(expected)]


def test_parquet_follows_declared_types_and_names_bad_rows(tmp_path):
    buffer = io.BytesIO()
    table = pa.table({"id": [7, 8], "day": ["3/31/2026", "4/1/2026"], "x": [1.5, float("inf")]})
    pq.write_table(table, buffer)
    types = {"id": "string", "day": "date"}
    with pytest.raises(Refused, match="row 2, column 'x'"):
        read(tmp_path, buffer.getvalue(), "a.parquet", types=types)
    rows = read(tmp_path, buffer.getvalue(), "a.parquet", types=types, bad_values=COUNT)
    assert rows == [
        {"id": "7", "day": date(2026, 3, 31), "x": 1.5},
        {"id": "8", "day": date(2026, 4, 1), "x": None},
    ]


def test_parquet_days_and_numbers_beyond_ours(tmp_path):
    buffer = io.BytesIO()
    days = pa.array([-800_000, 0], pa.int32()).cast(pa.date32())
    moments = pa.array([2**60, 0], pa.int64()).cast(pa.timestamp("us"))
    far = pa.array([2**60, 0], pa.int64()).cast(pa.timestamp("ms"))
    amount = Decimal("377421168121329238884084184031.2691")
    table = pa.table(
        {
            "day": days,
            "at": moments,
            "far": far,
            "m": pa.array([amount, None], pa.decimal128(38, 4)),
        }
    )
    pq.write_table(table, buffer)
    with pytest.raises(Refused, match="row 1, column 'day'"):
        read(tmp_path, buffer.getvalue(), "a.parquet")
    journal = RecordingJournal()
    rows = read(tmp_path, buffer.getvalue(), "a.parquet", bad_values=COUNT, journal=journal)
    assert rows[0] == {"day": None, "at": None, "far": None, "m": str(amount)}
    assert [bad.column for bad in journal.bad_values] == ["day", "at", "far"]
    assert rows[1]["day"] == date(1970, 1, 1)


def test_a_cut_off_parquet_is_refused(tmp_path):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(1000))}), buffer)
    with pytest.raises(Refused, match="not a whole Parquet file"):
        read(tmp_path, buffer.getvalue()[:-10], "a.parquet")
