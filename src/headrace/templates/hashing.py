"""Hides values: replaces the fields that an agency wants hashed by digests, columns at once."""

import hashlib
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

SALT_BYTES = 32


def hashed(batch: pa.RecordBatch, fields: Collection[str], salt: bytes) -> pa.RecordBatch:
    """Return the batch with some columns replaced by digests, as text columns (contract 8.14).

    A digest is the SHA-256 of the salt and the value's trimmed text in UTF-8, as 64 hex digits;
    null stays null. Fields that the batch does not have are passed over: there is nothing to hide.
    Rows are to be filtered before, since afterwards the values are gone.

    salt: the agency's own, so that nobody can compare digests across agencies or guess values.

    Raises:
        ValueError: if the salt is shorter than `SALT_BYTES`.
    """
    if len(salt) < SALT_BYTES:
        raise ValueError(f"the salt has fewer than {SALT_BYTES} bytes")
    schema, arrays = batch.schema, list(batch.columns)
    for position, field in enumerate(schema):
        if field.name in fields:
            arrays[position] = _digests(arrays[position], salt)
            schema = schema.set(position, pa.field(field.name, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _digests(values: pa.Array, salt: bytes) -> pa.Array:
    # Campaign names, e-mail addresses and the like repeat: each distinct one is hashed once.
    encoded = pc.dictionary_encode(values.cast(pa.string()))
    salted = hashlib.sha256(salt)
    digests = [_digest(salted, text) for text in encoded.dictionary.to_pylist()]
    return pa.array(digests, pa.string()).take(encoded.indices)


def _digest(salted: "hashlib._Hash", text: str) -> str:
    digest = salted.copy()
    digest.update(text.strip().encode())
    return digest.hexdigest()
