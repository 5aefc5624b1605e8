"""The connection settings of a file import, checked once and turned into plain values."""

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

_DELIMITER_WORDS = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class FileFormat(StrEnum):
    """How rows are written in a file."""

    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True)
class FileSettings:
    """What a connection says about its files; None where it is to be found out."""

    url: str
    format: FileFormat | None = None
    delimiter: str | None = None
    encoding: str | None = None
    date_column: str | None = None
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    endpoint_url: str | None = None
    region: str = "us-east-1"

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> "FileSettings":
        """Read the settings of a connection; empty texts count as absent.

        Raises:
            Refused: if one of them cannot be used; the message names it.
        """
        url = _text(settings, "url")
        if url is None:
            raise Refused(told("The setting url is missing: give an https, s3 or file address."))
        return cls(
            url=url,
            format=_format(_text(settings, "format")),
            delimiter=_delimiter(settings.get("delimiter")),
            encoding=_encoding(_text(settings, "encoding")),
            date_column=_text(settings, "date_column"),
            types=_types(settings.get("types")),
            endpoint_url=_text(settings, "endpoint_url"),
            region=_text(settings, "region") or "us-east-1",
        )


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(
            told(
                "The setting {name} must be text, not {kind}.", name=name, kind=type(value).__name__
            )
        )
    return value.strip() or None


def _format(value: str | None) -> FileFormat | None:
    if value is None:
        return None
    try:
        return FileFormat(value.lower())
    except ValueError:
        known = ", ".join(FileFormat)
        raise Refused(
            told(
                "The setting format is {value!r}; it must be one of {known}.",
                value=value,
                known=known,
            )
        ) from None


def _delimiter(given: Any) -> str | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise Refused(told("The setting delimiter must be one character."))
    value = _DELIMITER_WORDS.get(given.lower(), given)
    if len(value) != 1 or not value.isascii() or value in '"\r\n\0':
        raise Refused(
            told(
                "The setting delimiter is {value!r}; it must be one ASCII character other than a "
                "quote or a line end.",
                value=value,
            )
        )
    return value


def _encoding(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        found = codecs.lookup(value)
        found.incrementaldecoder(errors="strict").decode(b"")
    except (LookupError, TypeError):
        raise Refused(
            told("The setting encoding is {value!r}, which is not a known one.", value=value)
        ) from None
    if not _is_text_codec(found):
        raise Refused(
            told("The setting encoding is {value!r}, which is not a text encoding.", value=value)
        )
    return str(found.name)


def _is_text_codec(found: codecs.CodecInfo) -> bool:
    return bool(getattr(found, "_is_text_encoding", True))


def _types(value: Any) -> dict[str, ColumnType]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refused(
                told("The setting types is not a JSON object of column to type.")
            ) from None
    if not isinstance(value, Mapping):
        raise Refused(told("The setting types must be an object of column name to type."))
    return {str(name).strip(): _type(str(name), kind) for name, kind in value.items()}


def _type(name: str, kind: Any) -> ColumnType:
    try:
        return ColumnType(kind)
    except ValueError:
        known = ", ".join(ColumnType)
        raise Refused(
            told(
                "The setting types gives column {name!r} the type {kind!r}; use one of {known}.",
                name=name,
                kind=kind,
                known=known,
            )
        ) from None
