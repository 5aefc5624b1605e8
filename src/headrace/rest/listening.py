"""Takes the address the web server listens on, or says why it cannot be had."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.kit import clock
from headrace.settings import PREFIX, SettingsError

_TRIES = 15
_PAUSE_SECONDS = 0.2


@contextmanager
def listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket bound to an address, for a block.

    An address in use is tried for some seconds: a server that was here before may be on its way out.

    Raises:
        SettingsError: if the address cannot be had; the message says which setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for tries_left in reversed(range(_TRIES)):
            try:
                listener.bind((host, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and tries_left:
                    clock.sleep(_PAUSE_SECONDS)
                    continue
                raise SettingsError(_explain(error, host, port)) from error
            break
        yield listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program listens on {host}:{port}. End it, or choose another port with "
            f"{PREFIX}PORT."
        )
    reason = error.strerror or os.strerror(error.errno or 0)
    return f"{PREFIX}HOST, {PREFIX}PORT: cannot listen on {host}:{port}: {reason}."
