"""The key that seals secrets: written in base64 or hex, given by the operator or kept in a file."""

import base64
import binascii
import secrets
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
_EXAMPLE_KEYS = {"changeme", "secret", "example", "0" * 64}


def decode_key(text: str) -> bytes:
    """Decode a 32-byte key written in base64 or hex.

    Raises:
        ValueError: if it is too short, not decodable, or a well-known example.
    """
    if text.lower() in _EXAMPLE_KEYS:
        raise ValueError("this is an example key; make one with: openssl rand -base64 32")
    for decode in (bytes.fromhex, lambda given: base64.b64decode(given, validate=True)):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES and len(set(key)) > 4:
            return key
    raise ValueError(
        "not 32 random bytes in base64 or hex; make a key with: openssl rand -base64 32"
    )


def kept_key(path: Path) -> bytes:
    """Return the key kept in a file that its owner alone may read, making it on first use.

    Raises:
        ValueError: if the file is damaged.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{secrets.token_hex(4)}")
        partial.touch(mode=0o600)
        partial.write_text(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        # Processes that start at once must agree: the first link wins, whole or not at all.
        with suppress(FileExistsError):
            path.hardlink_to(partial)
        partial.unlink()
    return decode_key(path.read_text().strip())
