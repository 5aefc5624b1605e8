"""Objects of one bucket as files: uploads that show whole or not at all, and ranged reading."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from secrets import token_hex
from typing import Any
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

from headrace.kit.outcomes import OutsideError, Refused, TryLater
from headrace.kit.told import told
from headrace.loaders.files.store import Store, Upload
from headrace.loaders.targets.s3.requests import NotThere, S3Requests, text_of, texts_of_each

# S3 takes 10,000 parts of at least 5 MiB. They grow with the object, which may so reach 520 GB
# while small ones do not wait for large buffers.
_PART_BYTES = ((1_000, 8 << 20), (3_000, 32 << 20), (10_000, 64 << 20))
_PARTS_AT_ONCE = 2
_READ_BYTES = 8 << 20


class _ObjectUpload(Upload):
    """Sends parts while more are written; a small object is one request."""

    def __init__(self, requests: S3Requests, key: str, headers: dict[str, str]) -> None:
        self._requests = requests
        self._key = key
        self._headers = headers
        self._held = bytearray()
        self._upload_id: str | None = None
        self._parts: list[Future[str]] = []
        self._pool: ThreadPoolExecutor | None = None
        self._is_over = False

    def write(self, content: bytes) -> int:
        if not self._is_over:
            self._held += memoryview(content).cast("B")
            while len(self._held) >= (size := self._part_size()):
                self._send_part(bytes(self._held[:size]))
                del self._held[:size]
        return len(content)

    def publish(self) -> None:
        if self._upload_id is None:
            self._requests.send(
                "s3:PutObject", "PUT", self._key, headers=self._headers, body=bytes(self._held)
            )
            self._is_over = True
            return
        if self._held:
            self._send_part(bytes(self._held))
        tags = [part.result() for part in self._parts]
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
            for number, tag in enumerate(tags, start=1)
        )
        self._requests.send(
            "s3:PutObject",
            "POST",
            self._key,
            query=[("uploadId", self._upload_id)],
            body=f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode(),
        )
        self._upload_id = None
        self._end()

    def discard(self) -> None:
        upload_id, self._upload_id = self._upload_id, None
        self._end()
        if upload_id is not None:
            try:
                abort(self._requests, self._key, upload_id)
            except OutsideError:
                # What went wrong before this is what the user must hear; an upload that stays
                # shows to no reader and is swept by the next load.
                return

    def _end(self) -> None:
        self._is_over = True
        self._held = bytearray()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _part_size(self) -> int:
        return next((size for most, size in _PART_BYTES if len(self._parts) < most), 64 << 20)

    def _send_part(self, content: bytes) -> None:
        if self._pool is None or self._upload_id is None:
            answer = self._requests.send(
                "s3:PutObject", "POST", self._key, query=[("uploads", "")], headers=self._headers
            )
            self._upload_id = text_of(answer.body, "UploadId")
            self._pool = ThreadPoolExecutor(_PARTS_AT_ONCE, thread_name_prefix="s3-part")
        if len(self._parts) >= _PARTS_AT_ONCE:
            self._parts[-_PARTS_AT_ONCE].result()  # waits, so that few parts are in memory
        number = len(self._parts) + 1
        self._parts.append(self._pool.submit(self._put_part, self._upload_id, number, content))

    def _put_part(self, upload_id: str, number: int, content: bytes) -> str:
        query = [("partNumber", str(number)), ("uploadId", upload_id)]
        answer = self._requests.send("s3:PutObject", "PUT", self._key, query=query, body=content)
        return answer.headers.get("etag", "")


class _ObjectFile(io.RawIOBase):
    """Reads one version of an object by ranges, so that a broken connection costs one range."""

    def __init__(self, requests: S3Requests, key: str, tag: str, size: int) -> None:
        self._requests = requests
        self._key = key
        self._tag = tag
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        last = min(self._position + min(len(view), _READ_BYTES), self._size) - 1
        if last < self._position:
            return 0
        headers = {"range": f"bytes={self._position}-{last}", "if-match": self._tag}
        try:
            answer = self._requests.send("s3:GetObject", "GET", self._key, headers=headers)
        except NotThere as error:
            raise TryLater(
                told("{key} was removed while it was being read.", key=self._key)
            ) from error
        count = last - self._position + 1
        if len(answer.body) != count or answer.headers.get("etag") != self._tag:
            raise TryLater(
                told("{key} was changed or cut off while it was being read.", key=self._key)
            )
        view[:count] = answer.body
        self._position += count
        return count


class Bucket(Store):
    """The objects of one bucket."""

    def __init__(self, requests: S3Requests, headers: dict[str, str]) -> None:
        self._requests = requests
        self._headers = headers

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, a thousand a request."""
        query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
        token = ""
        while True:
            more = [("continuation-token", token)] if token else []
            body = self._listed([*query, *more])
            for found in texts_of_each(body, "Contents"):
                yield unquote_plus(found["Key"])
            token = text_of(body, "NextContinuationToken")
            if not token:
                return

    def create(self, key: str) -> Upload:
        """Begin an object."""
        return _ObjectUpload(self._requests, key, self._headers)

    def open(self, key: str) -> Any:
        """Open an object as it is now; reading fails if it changes meanwhile."""
        state = self._state(key)
        if state is None:
            raise TryLater(told("{key} was removed while it was being read.", key=key))
        return io.BufferedReader(_ObjectFile(self._requests, key, *state), _READ_BYTES)

    def version(self, key: str) -> str | None:
        """Tell versions apart by their entity tag."""
        state = self._state(key)
        return state[0] if state else None

    def remove(self, key: str) -> None:
        """Remove an object."""
        try:
            self._requests.send("s3:DeleteObject", "DELETE", key)
        except NotThere:
            return

    def sweep(self, prefix: str, owns: Callable[[str], bool]) -> None:
        """Abort uploads that killed loads left; not every key may, and not every service can."""
        try:
            listed = self._requests.send(
                "s3:ListBucketMultipartUploads",
                "GET",
                query=[("uploads", ""), ("prefix", prefix), ("encoding-type", "url")],
            )
            for found in texts_of_each(listed.body, "Upload"):
                if owns(key := unquote_plus(found["Key"])):
                    abort(self._requests, key, found["UploadId"])
        except (Refused, NotThere):
            return

    def probe(self, folder: str) -> None:
        """Write, read, list and remove a tiny object: all that loads need.

        Raises:
            Refused, Reauthorize, SlowDown, TryLater: naming the permission that is missing.
        """
        key = f"{folder}/.headrace-check-{token_hex(8)}".lstrip("/")
        upload = self.create(key)
        upload.write(b"headrace")
        upload.publish()
        try:
            if self.open(key).read() != b"headrace" or key not in self.keys(key):
                raise Refused(told("The endpoint does not give back what was written to it."))
        finally:
            self.remove(key)

    def _listed(self, query: list[tuple[str, str]]) -> bytes:
        try:
            return self._requests.send("s3:ListBucket", "GET", query=query).body
        except NotThere as error:
            raise Refused(told("The endpoint does not list buckets: mend endpoint_url.")) from error

    def _state(self, key: str) -> tuple[str, int] | None:
        """Return an object's tag and size, or None if it does not exist."""
        try:
            headers = self._requests.send("s3:GetObject", "HEAD", key).headers
        except NotThere:
            return None
        return headers.get("etag", ""), int(headers.get("content-length", "0"))


def abort(requests: S3Requests, key: str, upload_id: str) -> None:
    """End an upload and free its parts; that it is gone already is fine."""
    try:
        requests.send("s3:AbortMultipartUpload", "DELETE", key, query=[("uploadId", upload_id)])
    except NotThere:
        return
