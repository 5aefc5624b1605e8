"""The lake: a folder or bucket of immutable Parquet files, addressed by paths relative to it."""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow.fs as pafs

from headrace.kit.told import told, told_by
from headrace.table_store.errors import LakeFull, LakeUnreachable
from headrace.table_store.sinks import LocalSink, ObjectSink, Sink
from headrace.table_store.writing import BUFFER_BYTES, FileWriter

_S3_OPTIONS = {"endpoint_override", "region", "scheme"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CONNECT_SECONDS = 10
_REQUEST_SECONDS = 60


@dataclass(frozen=True)
class LakeFile:
    """A file found in the lake: its path, and when it was last written, aware."""

    path: str
    modified_at: datetime


class Lake:
    """Files under one URL. Instances are shared by threads; each process opens its own."""

    def __init__(self, filesystem: Any, root: Path | None, shown_url: str) -> None:
        self.filesystem = filesystem
        self.is_remote = root is None
        self._root = root
        self._shown_url = shown_url

    def __repr__(self) -> str:
        return f"Lake({self._shown_url!r})"

    @classmethod
    def open(cls, url: str) -> "Lake":
        """Open the lake at a folder, `file:///folder` or `s3://bucket/prefix?…`; makes the folder.

        S3 takes `endpoint_override` (`host:port`, or a whole URL), `scheme`, `region`, and
        credentials as `s3://key:secret@bucket` or from the environment the AWS clients read.

        Raises:
            ValueError: if the URL is none of these, or names an option that does not exist.
        """
        parts = urlsplit(url)
        if parts.scheme == "s3":
            return cls(*_open_bucket(url))
        if parts.scheme not in ("", "file") or (parts.scheme == "file" and parts.netloc):
            raise ValueError(
                f"the lake URL begins with {parts.scheme}://{parts.netloc and '…'}; "
                "use a folder, file:///folder or s3://bucket/prefix"
            )
        root = Path(unquote(parts.path) if parts.scheme else url).absolute()
        with _translated(str(root)):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(pafs.SubTreeFileSystem(str(root), pafs.LocalFileSystem()), root, str(root))

    def new_file(
        self,
        *,
        workspace_id: int,
        table_id: int,
        account_id: str,
        account_name: str | None,
        inserted_at: datetime,
        date_field: str | None,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> FileWriter:
        """Begin a file of one account's rows; see `FileWriter`.

        `account_name` is None for rows moved from other files, which have their system columns.
        `date_field` names the column that holds each row's day, or None for tables without days.
        `buffer_bytes` of Arrow rows are held before they are written.
        """
        folder = account_folder(workspace_id, table_id, account_id)
        return FileWriter(
            open_sink=self._open_sink,
            errors=self.errors,
            path=f"{folder}/{uuid.uuid4().hex}.parquet",
            workspace_id=workspace_id,
            table_id=table_id,
            account_id=account_id,
            account_name=account_name,
            inserted_at=inserted_at,
            date_field=date_field,
            buffer_bytes=buffer_bytes,
        )

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        with self.errors(path), suppress(FileNotFoundError):
            self.filesystem.delete_file(path)

    def try_writing(self) -> None:
        """Write a small file and remove it, to see whether rows could be stored.

        Raises:
            LakeFull, LakeUnreachable: if they could not.
        """
        path = f"probe-{uuid.uuid4().hex}"
        with self.errors(path):
            with self.filesystem.open_output_stream(path) as probe:
                probe.write(b"probe")
            self.filesystem.delete_file(path)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        with self.errors(path):
            is_file: bool = self.filesystem.get_file_info(path).is_file
            return is_file

    def delete_table(self, workspace_id: int, table_id: int) -> None:
        """Remove every file of a table."""
        self._delete_folder(f"{workspace_id}/{table_id}")

    def delete_workspace(self, workspace_id: int) -> None:
        """Remove every file of a workspace."""
        self._delete_folder(str(workspace_id))

    def list_files(self, workspace_id: int | None = None) -> Iterator[LakeFile]:
        """Yield every file, of one workspace or of all, one table's listing in memory at a time."""
        workspaces = self._folders("") if workspace_id is None else [str(workspace_id)]
        for workspace in workspaces:
            for table in self._folders(workspace):
                yield from self._files_below(table)

    @contextmanager
    def errors(self, path: str) -> Iterator[None]:
        """Tell faults of the disk or object store by the errors of this package.

        A missing file stays a FileNotFoundError: what it means depends on who asked.
        """
        with _translated(path):
            yield

    def _open_sink(self, path: str) -> Sink:
        if self._root is not None:
            return LocalSink(self._root, path)
        return ObjectSink(self.filesystem, path)

    def _folders(self, path: str) -> list[str]:
        return [info.path for info in self._entries(path, recursive=False) if not info.is_file]

    def _files_below(self, path: str) -> Iterator[LakeFile]:
        for info in self._entries(path, recursive=True):
            if info.is_file:
                yield LakeFile(info.path, info.mtime)

    def _entries(self, path: str, *, recursive: bool) -> list[Any]:
        with self.errors(path):
            selector = pafs.FileSelector(path, recursive=recursive, allow_not_found=True)
            entries: list[Any] = self.filesystem.get_file_info(selector)
            return entries

    def _delete_folder(self, path: str) -> None:
        with self.errors(path), suppress(FileNotFoundError):
            if self._root is not None:
                shutil.rmtree(self._root / path)
            else:
                self.filesystem.delete_dir(path)


def account_folder(workspace_id: int, table_id: int, account_id: str) -> str:
    """Return the folder of an account's files.

    The account's id appears as a digest, for ids come from outside and may hold anything.
    """
    digest = hashlib.sha256(account_id.encode()).hexdigest()[:24]
    return f"{workspace_id}/{table_id}/{digest}"


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as fault:
        if fault.errno in _FULL:
            raise LakeFull(
                told(
                    "There is no room in the lake for {path}: {strerror}. Free some space or raise "
                    "the quota, then run again.",
                    path=path,
                    strerror=os.strerror(fault.errno),
                )
            ) from fault
        raise LakeUnreachable(
            told(
                "The lake cannot be used at {path}: {fault}. Check that it exists and that "
                "Headrace may read and write there.",
                path=path,
                fault=told_by(fault),
            )
        ) from fault


def _open_bucket(url: str) -> tuple[Any, None, str]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    bucket = parts.netloc.rpartition("@")[2]
    unknown = sorted(options.keys() - _S3_OPTIONS)
    if unknown or not bucket:
        wrong = f"has the unknown options {', '.join(unknown)}" if unknown else "names no bucket"
        raise ValueError(
            f"the lake URL {wrong}; use s3://bucket/prefix?" + "&".join(sorted(_S3_OPTIONS))
        )
    if "://" in options.get("endpoint_override", ""):
        scheme, _, host = options["endpoint_override"].partition("://")
        options |= {"endpoint_override": host.rstrip("/"), "scheme": scheme}
    if "endpoint_override" in options:
        # Without a region Arrow asks Amazon where the bucket is, wherever it really stands.
        options.setdefault("region", "us-east-1")
    if parts.username is not None:
        options["access_key"] = unquote(parts.username)
        options["secret_key"] = unquote(parts.password or "")
    filesystem = pafs.S3FileSystem(
        **options, connect_timeout=_CONNECT_SECONDS, request_timeout=_REQUEST_SECONDS
    )
    root = f"{bucket}/{unquote(parts.path).strip('/')}".rstrip("/")
    return pafs.SubTreeFileSystem(root, filesystem), None, f"s3://{root}"
