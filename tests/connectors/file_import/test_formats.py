"""Files as people really make them: encodings, delimiters, quotes, ragged rows, damage."""

import gzip
import io
import zlib
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file_import.imports import access_to_file, batches_of, rows_of
from fakes.journal import RecordingJournal
from headrace.connectors.contract import BadValues
from headrace.connectors.sources.file_import.columns import unique_names
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused

COUNT = BadValues.NULL_AND_COUNT


def read(folder, content, name="a.csv", **how):
    settings = {key: how.pop(key) for key in list(how) if key not in {"journal", "bad_values"}}
    content = content.encode() if isinstance(content, str) else content
    return rows_of(access_to_file(folder, name, content, **settings), **how)


TEXT = "name,größe\nZoë,1\nFrançois,2\nJosé Muñoz,3\n"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-32", None),
        ("cp1252", None),
        ("latin-1", None),
        ("cp437", "cp437"),
        ("utf-8", "utf8"),
        ("mac_roman", "mac_roman"),
    ],
)
def test_encodings_are_found_or_declared(tmp_path, encoding, declared):
    rows = read(tmp_path, TEXT.encode(encoding), **({"encoding": declared} if declared else {}))
    assert rows == [
        {"name": "Zoë", "größe": 1},
        {"name": "François", "größe": 2},
        {"name": "José Muñoz", "größe": 3},
    ]


def test_an_encoding_that_shows_late_in_the_file_is_found(tmp_path):
    content = b"a,b\n" + b"plain,1\n" * 300_000 + "Zoë,2\n".encode("cp1252")
    assert read(tmp_path, content)[-1] == {"a": "Zoë", "b": 2}


def test_a_character_across_two_chunks_is_whole(tmp_path):
    content = ("a\n" + "x" * ((1 << 20) - 3) + "é\n").encode()
    assert read(tmp_path, content)[0]["a"].endswith("xé")


def test_other_alphabets_must_be_declared(tmp_path):
    content = ("имя,город\n" + "Иван,Москва\nОльга,Петербург\n" * 20).encode("cp1251")  # noqa: RUF001
    with pytest.raises(Refused, match="encoding"):
        read(tmp_path, content)
    assert read(tmp_path, content, encoding="cp1251")[0] == {"имя": "Иван", "город": "Москва"}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16"])
def test_bytes_that_the_declared_encoding_lacks_are_refused(tmp_path, encoding):
    with pytest.raises(Refused, match=r"UTF-8|ascii|utf-16"):
        read(tmp_path, "a\nZoë€\n".encode("cp1252"), encoding=encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(tmp_path, delimiter, line_end):
    lines = [["a", "b", "c"], ["1,5", "x;y", ""], ["2,5", '"q ""|"" r"', "z"]]
    lines = [
        [f'"{cell}"' if delimiter in cell and cell[0] != '"' else cell for cell in row]
        for row in lines
    ]
    content = line_end.join(delimiter.join(row) for row in lines)
    assert read(tmp_path, content) == [
        {"a": "1,5", "b": "x;y", "c": None},
        {"a": "2,5", "b": 'q "|" r', "c": "z"},
    ]


def test_a_delimiter_can_be_declared_in_several_ways(tmp_path):
    assert read(tmp_path, "a^b\n1^2\n", delimiter="^") == [{"a": 1, "b": 2}]
    assert read(tmp_path, "a\tb\n1\t2\n", delimiter="tab") == [{"a": 1, "b": 2}]
    assert read(tmp_path, "sep=^\r\na^b\r\n1^2\r\n") == [{"a": 1, "b": 2}]
    assert read(tmp_path, "a,b\tc\n1,2\t3\n", name="a.tsv") == [{"a,b": "1,2", "c": 3}]
    assert read(tmp_path, "only\n1\n\n2\n") == [{"only": 1}, {"only": 2}]


def test_header_names_are_trimmed_filled_and_kept_apart(tmp_path):  # F26
    content = ' a ,a,,"b\nc",A,a_2,account_id\n1,2,3,4,5,6,7\n'
    assert list(read(tmp_path, content)[0]) == [
        "a", "a_3", "column_3", "b\nc", "A_4", "a_2", "account_id",
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["a", "A", "a_2", "a_3", "", " ", "column_1", "b", "ß", "SS"])))
def test_header_names_are_unique_whatever_they_are(names):
    result = unique_names(names)
    assert len(result) == len(names)
    assert len({name.casefold() for name in result}) == len(names)
    assert unique_names(result) == result


def test_quotes_keep_line_ends_and_tell_empty_from_null(tmp_path):
    content = 'id,text\n1,"two\r\nlines, ""q"""\n2,\n3,""\n4," "\n'
    assert [row["text"] for row in read(tmp_path, content)] == [
        'two\r\nlines, "q"', None, "", " ",
    ]  # fmt: skip


def test_quoted_empty_numbers_are_null(tmp_path):
    assert [row["b"] for row in read(tmp_path, 'a,b\n"1","2"\n"3",""\n')] == [2, None]


def test_header_only_is_no_rows(tmp_path):
    assert batches_of(access_to_file(tmp_path, "a.csv", b"a,b\r\n")) == []


@pytest.mark.parametrize("content", [b"", b"\n\n \n"[:2], b"\xef\xbb\xbf"])
def test_a_file_without_a_header_is_refused(tmp_path, content):
    with pytest.raises(Refused, match=r"empty|blank lines"):
        read(tmp_path, content)


RAGGED = 'a,b\n1,2\n\n3,"x\ny"\n4\n5,6\n7,8,9\n'


def test_ragged_rows_are_told_by_their_lines(tmp_path):
    with pytest.raises(
        Refused, match="header has 2 values, but line 6 has 1, line 8 has 3"
    ) as told:
        read(tmp_path, RAGGED)
    assert "a.csv" in str(told.value)


def test_ragged_rows_are_left_out_and_counted(tmp_path):
    journal = RecordingJournal()
    rows = read(tmp_path, RAGGED, bad_values=COUNT, journal=journal)
    assert [row["a"] for row in rows] == [1, 3, 5]
    assert [(bad.column, bad.value) for bad in journal.bad_values] == [
        ("(whole row)", "4"),
        ("(whole row)", "7,8,9"),
    ]


def test_bad_values_behind_ragged_rows_keep_their_numbers(tmp_path):
    rows = [f"{n},{n}" if n % 7 else f"{n}" for n in range(90_000)]
    rows[70_001] = "70001,x"
    content = "a,b\n" + "\n".join(rows)
    journal = RecordingJournal()
    read(tmp_path, content, types={"b": "integer"}, bad_values=COUNT, journal=journal)
    found = [bad for bad in journal.bad_values if bad.column == "b"]
    assert [(bad.row_number, bad.value) for bad in found] == [(70_002, "x")]
    assert len(journal.bad_values) == 90_000 // 7 + 2


def test_too_many_ragged_rows_are_no_table(tmp_path):
    with pytest.raises(Refused, match="delimiter"):
        read(tmp_path, "a,b\n" + "1\n" * 100_001, bad_values=COUNT)


@pytest.mark.parametrize("content", ['a,b\n1,2\n3,"open\n4,5\n', 'a\n"open\n1\n2\n'])
def test_a_quote_that_is_never_closed_is_refused(tmp_path, content):
    with pytest.raises(Refused, match=r"line \d: a quote"):
        read(tmp_path, content)


def test_a_row_longer_than_a_block_is_refused(tmp_path):
    with pytest.raises(Refused, match="longer than"):
        read(tmp_path, 'a,b\n1,"' + "x" * 5_000_000 + '"\n')


def test_nul_characters_are_named_or_counted(tmp_path):  # S98
    with pytest.raises(Refused, match="line 3"):
        read(tmp_path, b"a,b\n1,2\n3,x\0y\n")
    journal = RecordingJournal()
    rows = read(tmp_path, b"a,b\n1,2\n3,x\0y\n", bad_values=COUNT, journal=journal)
    assert rows == [{"a": 1, "b": 2}, {"a": 3, "b": None}]
    assert [bad.row_number for bad in journal.bad_values] == [2]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"  <!DOCTYPE html><html>", "web page"),
        ("a.csv", b"\xef\xbb\xbf<HTML>", "web page"),
        ("a.csv", b"PK\x03\x04....", "Excel"),
        ("a.csv", b"PAR1....PAR1", "Parquet"),
        ("a.parquet", b"a,b\n1,2\n", "not Parquet"),
        ("a.parquet", b"PAR1" + b"x" * 50, "Parquet"),
        ("a.csv.gz", b"a,b\n1,2\n", "not gzip"),
        ("a.csv", b"\x1f\x8b" + b"x" * 50, "damaged"),
        ("a.jsonl", b'[{"a": 1}]', "line 1"),
        ("a.json", b'[\n  {"a": 1}]', "JSON array"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2"),
        ("a.jsonl", b'{"a": 1}\n\n[1]\n', "line 3"),
        ("a.jsonl", b'{"a": NaN}\n', "line 1"),
        ("a.jsonl", b'{"a":' + b"1" * 5_000 + b"}", "line 1"),  # S98
        ("a.jsonl", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "line 1"),  # S86
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path, name, content, said):
    with pytest.raises(Refused, match=said):
        read(tmp_path, content, name)


def test_gzip_is_read_whole_or_refused(tmp_path):
    plain = b"a,b\n" + b"1,2\n" * 50_000
    packed = gzip.compress(plain)
    assert len(read(tmp_path, packed, "a.csv.gz")) == 50_000
    assert len(read(tmp_path, packed, "no-ending")) == 50_000
    assert len(read(tmp_path, packed + gzip.compress(b"3,4\n"), "two.csv.gz")) == 50_001
    with pytest.raises(Refused, match="cut off"):
        read(tmp_path, packed[:-20], "a.csv.gz")
    broken = bytearray(packed)
    broken[-6] ^= 1  # in the checksum
    with pytest.raises(Refused, match="damaged"):
        read(tmp_path, bytes(broken), "a.csv.gz")
    assert zlib.crc32(plain)


def test_a_missing_setting_column_is_named_with_those_there(tmp_path):
    with pytest.raises(Refused, match=r"no column 'day'.*a, b"):
        read(tmp_path, "a,b\n1,2\n", date_column="day")
    with pytest.raises(Refused, match="'c'"):
        read(tmp_path, '{"a":1}', name="a.jsonl", types={"c": "date"})


@pytest.mark.parametrize(
    "settings",
    [
        {"format": "xls"},
        {"delimiter": "ab"},
        {"delimiter": '"'},
        {"encoding": "klingon"},
        {"encoding": "hex"},
        {"types": {"a": "money"}},
        {"types": "not json"},
        {"types": [1]},
        {"date_column": "a", "types": {"a": "integer"}},
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path, settings):
    access = access_to_file(tmp_path, "a.csv", b"a\n1\n", **{"format": "csv"} | settings)
    with pytest.raises(Refused, match=next(iter(settings)).replace("date_column", "date column")):
        rows_of(access)


DAYS = "day,n\n2026-03-01,1\n2026-03-02,2\n2026-03-02,3\n2026-04-01,4\n"


def test_a_window_keeps_its_days(tmp_path):
    access = access_to_file(tmp_path, "a.csv", DAYS.encode(), date_column="day")
    window = DayRange(date(2026, 3, 2), date(2026, 3, 31))
    assert [row["n"] for row in rows_of(access, window=window)] == [2, 3]
    assert [row["n"] for row in rows_of(access)] == [1, 2, 3, 4]


def test_moments_are_windowed_by_their_utc_day(tmp_path):
    content = b"at,n\n2026-03-01T23:00:00-02:00,1\n2026-03-01T23:00:00+02:00,2\n"
    access = access_to_file(tmp_path, "a.csv", content, date_column="at")
    window = DayRange(date(2026, 3, 2), date(2026, 3, 2))
    assert [row["n"] for row in rows_of(access, window=window)] == [1]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_row_without_its_day_is_not_lost_in_silence(tmp_path, name):
    rows = [{"day": date(2026, 3, 1), "n": 1}, {"day": None, "n": 2}]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    content = {
        "a.csv": b"day,n\n2026-03-01,1\n,2\n",
        "a.jsonl": b'{"day":"2026-03-01","n":1}\n{"n":2}\n',
        "a.parquet": buffer.getvalue(),
    }[name]
    access = access_to_file(tmp_path, name, content, date_column="day")
    with pytest.raises(Refused, match=r"'day'.*missing"):
        rows_of(access)
    journal = RecordingJournal()
    found = rows_of(access, bad_values=COUNT, journal=journal)
    assert [row["n"] for row in found] == [1]
    assert [bad.column for bad in journal.bad_values] == ["day"]


def test_large_files_come_in_bounded_batches_of_one_schema(tmp_path):
    content = "n,text\n" + "".join(f"{n},{'é' * 300}\n" for n in range(40_000))
    for name, body in (("a.csv", content.encode()), ("a.parquet", _parquet(40_000))):
        batches = batches_of(access_to_file(tmp_path, name, body))
        assert len(batches) > 2
        assert {batch.schema for batch in batches} == {batches[0].schema}
        assert max(batch.nbytes for batch in batches) < 16_000_000
        numbers = [number for batch in batches for number in batch["n"].to_pylist()]
        assert numbers == list(range(40_000))


def _parquet(count):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"n": range(count), "text": ["é" * 300] * count}), buffer)
    return buffer.getvalue()
