"""Turns a file's bytes into what the readers want: unpacked, and text as UTF-8 without a mark."""

import codecs
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from headrace.connectors.sources.file_import import recognition, spool
from headrace.connectors.sources.file_import.settings import FileFormat, FileSettings
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class Prepared:
    """A seekable local file, the offset its content starts at, and what it is."""

    file: BinaryIO
    name: str
    format: FileFormat
    start: int = 0
    first_nul_line: int | None = None


@contextmanager
def prepared(file: BinaryIO, name: str, settings: FileSettings) -> Iterator[Prepared]:
    """Unpack and re-encode a file where needed, into temporary files that vanish afterwards.

    Raises:
        Refused: if it is not what it says, is damaged, or holds bytes its encoding does not have.
        TryLater: if the temporary folder is full.
    """
    with ExitStack() as stack:
        head = _head(file)
        if recognition.check_gzip(name, head):
            unpacked = stack.enter_context(spool.temporary_file())
            spool.fill(unpacked, spool.gunzipped_chunks(file, name))
            file, head = unpacked, _head(unpacked)
        kind = recognition.file_format(name, head, settings.format)
        if kind is FileFormat.PARQUET:
            yield Prepared(file, name, kind)
            return
        yield _as_utf8(stack, file, head, Prepared(file, name, kind), settings.encoding)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(recognition.HEAD_BYTES)
    file.seek(0)
    return head


def _as_utf8(
    stack: ExitStack, file: BinaryIO, head: bytes, plain: Prepared, declared: str | None
) -> Prepared:
    encoding, start = _known_encoding(head, declared)
    survey = _survey(file, start)
    if encoding == "utf-8" and not survey.is_utf8:
        if declared:
            raise Refused(told("{name} is not UTF-8, as the settings say it is.", name=plain.name))
        encoding = recognition.western_encoding(survey.sample, plain.name)
    if encoding != "utf-8" or survey.ends_lines_with_cr_only:
        decoded = stack.enter_context(spool.temporary_file())
        file.seek(start)
        spool.fill(decoded, _decoded_chunks(file, encoding, plain.name))
        file, start = decoded, 0
        survey = _survey(file, start)
    return Prepared(file, plain.name, plain.format, start, survey.first_nul_line)


def _known_encoding(head: bytes, declared: str | None) -> tuple[str, int]:
    marked = recognition.marked_encoding(head)
    if marked is not None:
        return marked
    return declared or recognition.unmarked_utf16(head) or "utf-8", 0


@dataclass
class _Survey:
    """What one look at all bytes of a text tells."""

    is_utf8: bool = True
    sample: bytes = b""
    first_nul_line: int | None = None
    line_count: int = 0
    carriage_returns: int = 0
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")()
    )

    @property
    def ends_lines_with_cr_only(self) -> bool:
        return self.line_count == 0 and self.carriage_returns > 0

    def add(self, chunk: bytes, *, is_last: bool) -> None:
        self._add_encoding(chunk, is_last=is_last)
        if self.first_nul_line is None and (position := chunk.find(0)) >= 0:
            self.first_nul_line = self.line_count + chunk.count(b"\n", 0, position) + 1
        self.line_count += chunk.count(b"\n")
        self.carriage_returns += chunk.count(b"\r")

    def _add_encoding(self, chunk: bytes, *, is_last: bool) -> None:
        if not chunk.isascii() and len(self.sample) < _SAMPLE_BYTES:
            self.sample += _lines_beyond_ascii(chunk)[: _SAMPLE_BYTES - len(self.sample)]
        if self.is_utf8:
            try:
                self._decoder.decode(chunk, final=is_last)
            except UnicodeDecodeError:
                self.is_utf8 = False


def _lines_beyond_ascii(chunk: bytes) -> bytes:
    lines = chunk.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.isascii())


def _survey(file: BinaryIO, start: int) -> _Survey:
    survey = _Survey()
    file.seek(start)
    for chunk in spool.read_chunks(file):
        survey.add(chunk, is_last=False)
    survey.add(b"", is_last=True)
    return survey


def _decoded_chunks(file: BinaryIO, encoding: str, name: str) -> Iterator[bytes]:
    """Re-encode a text to UTF-8; lines that end in a lone CR, if all do, end in LF afterwards."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    has_line_feed = False
    try:
        for chunk in spool.read_chunks(file):
            text = decoder.decode(chunk)
            has_line_feed = has_line_feed or "\n" in text
            yield (text if has_line_feed else text.replace("\r", "\n")).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise Refused(
            told(
                "{name} is not {encoding} ({reason}). Write the right encoding in the settings.",
                name=name,
                encoding=encoding,
                reason=error.args[-1],
            )
        ) from None
