"""Values are hidden before anyone can store them."""

import hashlib
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.templates.hashing import SALT_BYTES, hashed
from headrace.templates.queries import salt_of
from headrace.tenancy.models import Agency

SALT = bytes(range(SALT_BYTES))


def digest(text: str, salt: bytes = SALT) -> str:
    return hashlib.sha256(salt + text.strip().encode()).hexdigest()


@given(st.lists(st.one_of(st.none(), st.text()), max_size=40))
def test_every_value_becomes_the_digest_of_its_trimmed_text(values: list[str | None]) -> None:
    clean = [None if v is None else v.encode("utf-8", "replace").decode() for v in values]
    batch = pa.record_batch({"email": pa.array(clean, pa.string())})
    found = hashed(batch, {"email"}, SALT)
    assert found["email"].to_pylist() == [None if v is None else digest(v) for v in clean]


def test_other_columns_stay_and_numbers_are_hashed_as_text() -> None:
    spend = pa.array([Decimal("1.5"), None], ARROW_TYPES[ColumnType.DECIMAL])
    batch = pa.record_batch({"id": pa.array([7, 8]), "spend": spend})
    found = hashed(batch, ["id", "absent"], SALT)
    assert found["spend"].equals(spend)
    assert found["id"].to_pylist() == [digest("7"), digest("8")]
    assert found.schema.field("id").type == pa.string()


def test_digests_of_two_agencies_cannot_be_compared() -> None:
    batch = pa.record_batch({"email": pa.array(["a@b.example"])})
    other = hashed(batch, ["email"], SALT[::-1])
    assert other["email"].to_pylist() != hashed(batch, ["email"], SALT)["email"].to_pylist()


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        hashed(pa.record_batch({"a": pa.array(["x"])}), ["a"], b"")


def test_a_batch_without_rows_keeps_its_columns() -> None:
    batch = pa.record_batch({"id": pa.array([], pa.int64())})
    assert hashed(batch, ["id"], SALT).schema.field("id").type == pa.string()


def test_each_agency_has_a_salt_of_its_own_that_stays(session: Session) -> None:
    agencies = [Agency(title="Salt one"), Agency(title="Salt two")]
    session.add_all(agencies)
    session.flush()
    ids = [agency.id for agency in agencies]
    salts = [salt_of(session, agency_id) for agency_id in ids]
    assert [len(salt) for salt in salts] == [SALT_BYTES, SALT_BYTES]
    assert salts[0] != salts[1]
    assert salt_of(session, ids[0]) == salts[0]
