"""Pure guesses about a file from its name and first bytes: what it is, and what divides its rows."""

import codecs
import csv
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from headrace.connectors.sources.file_import.settings import FileFormat, FileSettings
from headrace.connectors.sources.file_import.spool import GZIP_MAGIC
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, told

HEAD_BYTES = 1 << 16
PARQUET_MAGIC = b"PAR1"

_FOREIGN = {
    b"%PDF": told("a PDF document"),
    b"PK\x03\x04": told("a ZIP archive or an Excel workbook"),
    b"\xd0\xcf\x11\xe0": told("an old Excel workbook"),
    b"\x89PNG": told("a picture"),
    b"\xff\xd8\xff": told("a picture"),
    b"GIF8": told("a picture"),
    b"BZh": told("bzip2 data"),
    b"\xfd7zXZ": told("xz data"),
    b"7z\xbc\xaf": told("a 7z archive"),
    b"\x28\xb5\x2f\xfd": told("Zstandard data"),
    b"Obj\x01": told("an Avro file"),
    b"ORC": told("an ORC file"),
    b"SQLite format 3": told("an SQLite database"),
    b"\x7fELF": told("a program"),
}
_MARKUP = {
    b"<!doctype html": told("a web page"),
    b"<html": told("a web page"),
    b"<?xml": told("an XML document"),
}
_EXTENSIONS = {
    "csv": FileFormat.CSV,
    "tsv": FileFormat.TSV,
    "tab": FileFormat.TSV,
    "jsonl": FileFormat.JSON_LINES,
    "ndjson": FileFormat.JSON_LINES,
    "parquet": FileFormat.PARQUET,
    "pq": FileFormat.PARQUET,
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_JSON_ARRAY = re.compile(rb"\[\s*[\[{]")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_RECORDS = 50


def says_gzip(name: str) -> bool:
    """Whether a file's name promises gzip."""
    return name.lower().endswith((".gz", ".gzip"))


def check_gzip(name: str, head: bytes) -> bool:
    """Whether a file is gzip.

    Raises:
        Refused: if its name says so and its content does not.
    """
    is_gzip = head.startswith(GZIP_MAGIC)
    if says_gzip(name) and head and not is_gzip:
        raise Refused(
            told(
                "{name} is not gzip, though its name says so. Rename it or compress it.", name=name
            )
        )
    return is_gzip


def file_format(name: str, head: bytes, declared: FileFormat | None) -> FileFormat:
    """Decide how rows are written in an unpacked file.

    Raises:
        Refused: if it is something else than rows, or not what its name or the settings say.
    """
    if not head:
        raise Refused(
            told("{name} is empty: a file without rows still has a header line.", name=name)
        )
    foreign = _foreign_content(head)
    if foreign:
        raise Refused(
            told(
                "{name} is {foreign}, not CSV, TSV, JSON lines or Parquet.",
                name=name,
                foreign=foreign,
            )
        )
    said = declared or _format_by_name(name)
    is_parquet = head.startswith(PARQUET_MAGIC)
    if is_parquet and said not in {None, FileFormat.PARQUET}:
        raise Refused(
            told("{name} is Parquet, not {said}. Set the format to parquet.", name=name, said=said)
        )
    if said is FileFormat.PARQUET and not is_parquet:
        raise Refused(
            told(
                "{name} is not Parquet: it does not begin with {magic}.",
                name=name,
                magic=PARQUET_MAGIC.decode(),
            )
        )
    if said:
        return said
    if is_parquet:
        return FileFormat.PARQUET
    if _JSON_ARRAY.match(_text_start(head)):
        raise Refused(
            told("{name} is one JSON array. Write JSON lines: one object a line.", name=name)
        )
    return FileFormat.JSON_LINES if _text_start(head).startswith(b"{") else FileFormat.CSV


def _foreign_content(head: bytes) -> Told | None:
    start = _text_start(head)[:64].lower()
    for magic, meaning in _FOREIGN.items():
        if head.startswith(magic):
            return meaning
    for opening, meaning in _MARKUP.items():
        if start.startswith(opening):
            return meaning
    return None


def _text_start(head: bytes) -> bytes:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            text = head[len(mark) :].decode(encoding, errors="replace")
            return text.lstrip().encode("utf-8", errors="replace")
    return head.lstrip()


def _format_by_name(name: str) -> FileFormat | None:
    plain = name.lower()
    while says_gzip(plain):
        plain = plain.rpartition(".")[0]
    return _EXTENSIONS.get(plain.rpartition(".")[2])


def marked_encoding(head: bytes) -> tuple[str, int] | None:
    """Return the encoding a byte order mark names and the mark's length, if there is one."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    return None


def unmarked_utf16(head: bytes) -> str | None:
    """Name the UTF-16 form of a text without a mark: every second byte of Latin text is zero."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[0 : pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if odd > 0.4 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return None


def western_encoding(sample: bytes, name: str) -> str:
    """Decide between cp1252 and Latin-1 for bytes that are not UTF-8.

    Guessing among all one-byte encodings errs on short texts, and a wrong guess alters names
    without a sign; so other alphabets must be declared.

    Raises:
        Refused: if the bytes look like another alphabet's.
    """
    found = from_bytes(sample, cp_isolation=["cp1252", "latin_1"]).best()
    if found is not None:
        return found.encoding
    other = from_bytes(sample).best()
    if other is None:
        raise Refused(
            told(
                "{name} is neither UTF-8 nor a Western encoding. Write its encoding in the settings.",
                name=name,
            )
        )
    raise Refused(
        told(
            "{name} is neither UTF-8 nor a Western encoding; it may be {encoding}. Write its "
            "encoding in the settings.",
            name=name,
            encoding=other.encoding,
        )
    )


@dataclass(frozen=True)
class Dialect:
    """What divides values, and how many bytes come before the header line."""

    delimiter: str
    skipped_bytes: int = 0


def dialect_of(sample: str, settings: FileSettings, file_format: FileFormat) -> Dialect:
    """Find the delimiter of a delimited text from its beginning.

    A first line `sep=;`, as spreadsheet programs write it, counts as a declaration.
    """
    first, end, _ = sample.partition("\n")
    stripped = first.rstrip("\r")
    if len(stripped) == 5 and stripped.lower().startswith("sep="):
        return Dialect(settings.delimiter or stripped[4], len((first + end).encode()))
    if settings.delimiter:
        return Dialect(settings.delimiter)
    if file_format is FileFormat.TSV:
        return Dialect("\t")
    best = max(_DELIMITERS, key=lambda delimiter: _score(sample, delimiter))
    return Dialect(best if _score(sample, best) > (0.0, 0) else ",")


def _score(sample: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains a text: the share of even records, then their width."""
    try:
        records = [
            record
            for record, _ in zip(
                csv.reader(sample.splitlines(keepends=True), delimiter=delimiter),
                range(_SNIFFED_RECORDS),
                strict=False,
            )
            if record
        ]
    except csv.Error:
        return 0.0, 0
    width = len(records[0]) if records else 0
    if width < 2:
        return 0.0, 0
    if len(records) > 2:
        records.pop()  # the sample may end in the middle of it
    return sum(len(record) == width for record in records) / len(records), width
