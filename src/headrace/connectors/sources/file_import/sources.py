"""Where files come from: the three kinds of address and what each must be able to do."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from headrace.connectors.contract import Access, Account
from headrace.connectors.sources.file_import.https_file import HttpsFile
from headrace.connectors.sources.file_import.local_files import LocalFiles
from headrace.connectors.sources.file_import.s3_files import S3Files
from headrace.connectors.sources.file_import.settings import FileSettings
from headrace.kit.outcomes import Refused
from headrace.kit.told import told


class FileSource(Protocol):
    """The files one connection names."""

    def check(self) -> None:
        """Prove that a file is there and may be read; raise one of `kit.outcomes` if not."""

    def accounts(self) -> Iterator[Account]:
        """Yield one account for each file."""

    def open(self, remote_id: str) -> AbstractContextManager[BinaryIO]:
        """Give a seekable local file with all bytes of that account's file, at its start."""


def source_of(access: Access, settings: FileSettings) -> FileSource:
    """Return the source that an address names.

    Raises:
        Refused: if the address is not one that can be read.
    """
    scheme = settings.url.partition("://")[0].lower()
    if scheme == "file":
        return LocalFiles(settings.url, access.file_roots)
    if scheme == "s3":
        return S3Files(access, settings)
    if scheme in {"https", "http"}:
        return HttpsFile(access, settings.url)
    raise Refused(told("The setting url must start with https://, s3:// or file:///."))
