"""A DNS server on this machine whose answers a test plans, and a resolver that asks it."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_HEADER = struct.Struct("!6H")
_TYPE_A, _TYPE_AAAA, _CLASS_IN = 1, 28, 1
_NAME_ERROR = 3
_ANSWER_FLAGS = 0x8180  # a response, recursion desired and available (RFC 1035, 4.1.1)
_POINTER = 0xC00C  # to the name in the question


class NameServer:
    """Answers every name with the next planned list of addresses, the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(512)
            if len(question) < _HEADER.size:
                return
            self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        number = _HEADER.unpack_from(question)[0]
        name, end = _read_name(question)
        (kind,) = struct.unpack_from("!H", question, end)
        if kind == _TYPE_A:
            self.asked.append(name)
        addresses = self._answers[0]
        if kind == _TYPE_AAAA and len(self._answers) > 1:
            self._answers.pop(0)  # both families of one look-up see the same answer
        family = socket.AF_INET if kind == _TYPE_A else socket.AF_INET6
        fitting = [each for each in addresses if (":" in each) == (family == socket.AF_INET6)]
        records = b""
        for each in fitting:
            packed = socket.inet_pton(family, each)
            # Time to live: 0, so that nobody may keep it.
            records += struct.pack("!HHHIH", _POINTER, kind, _CLASS_IN, 0, len(packed)) + packed
        header = _HEADER.pack(number, _ANSWER_FLAGS, 1, len(fitting), 0, 0)
        return header + question[_HEADER.size : end + 4] + records

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """Stand in for the system's resolver: addresses as they are, names by asking the server."""
        try:
            return _real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            pass
        found = [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for kind, family in ((_TYPE_A, socket.AF_INET), (_TYPE_AAAA, socket.AF_INET6))
            for address in self._ask(host, kind, family)
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return found

    def _ask(self, host: str, kind: int, family: int) -> list[str]:
        labels = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
        question = (
            _HEADER.pack(7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(question, ("127.0.0.1", self.port))
            answer = client.recv(512)
        count = _HEADER.unpack_from(answer)[3]
        place, found = len(question), []
        for _ in range(count):
            (length,) = struct.unpack_from("!H", answer, place + 10)
            found.append(socket.inet_ntop(family, answer[place + 12 : place + 12 + length]))
            place += 12 + length
        return found

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


_real = socket.getaddrinfo


def _read_name(question: bytes) -> tuple[str, int]:
    labels, place = [], _HEADER.size
    while length := question[place]:
        labels.append(question[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels), place + 1


@contextmanager
def name_server(*answers: list[str]) -> Iterator[NameServer]:
    """Serve these answers for a block, one list at each look-up."""
    server = NameServer(*answers)
    try:
        yield server
    finally:
        server.close()
