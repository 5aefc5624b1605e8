"""Sealed secrets open with the right key at the right place, and nowhere else."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.sealing import CannotOpen, Vault, keyed_digest, random_token, token_digest

KEY, OTHER_KEY = secrets.token_bytes(32), secrets.token_bytes(32)
PLACE = "workspace=1/connection/7/credentials"
CANARY = "canary-5f2c"


@given(st.text())
def test_what_is_sealed_opens(text: str) -> None:
    vault = Vault(KEY)
    assert vault.open(vault.seal(text, PLACE), PLACE) == text


def test_objects_keep_their_values() -> None:
    vault = Vault(KEY)
    value = {"token": CANARY, "scopes": ["a", "b"], "expires_in": 3600, "none": None}
    assert vault.open_object(vault.seal_object(value, PLACE), PLACE) == value


def test_the_envelope_shows_nothing_and_never_repeats() -> None:  # S65
    vault = Vault(KEY)
    one, two = vault.seal(CANARY, PLACE), vault.seal(CANARY, PLACE)
    assert one != two
    for part in one.split("."):
        assert CANARY.encode() not in base64.urlsafe_b64decode(part + "===")


@pytest.mark.parametrize(
    "place",
    [
        "workspace=2/connection/7/credentials",
        "workspace=1/connection/8/credentials",
        "workspace=1/connection/7/settings",
        "workspace=1/destination/7/credentials",
    ],
)
def test_a_moved_envelope_does_not_open(place: str) -> None:  # S66
    vault = Vault(KEY)
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(CANARY, PLACE), place)


def test_any_flipped_bit_fails_with_the_same_words() -> None:  # S67
    vault = Vault(KEY)
    version, key_id, *parts = vault.seal(CANARY, PLACE).split(".")
    messages = set()
    for position, part in enumerate(parts):
        raw = base64.urlsafe_b64decode(part + "===")
        for bit in range(len(raw) * 8):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            damaged = list(parts)
            damaged[position] = base64.urlsafe_b64encode(flipped).decode().rstrip("=")
            with pytest.raises(CannotOpen) as caught:
                vault.open(".".join([version, key_id, *damaged]), PLACE)
            messages.add(str(caught.value))
    assert len(messages) == 1
    assert CANARY not in messages.pop()


@pytest.mark.parametrize(
    "envelope", ["", "v1", "v1.a.b", "v2.a.b.c", "v1.a.b.c", "v1.a.b.c.d", "v1.ü.b.c"]
)
def test_what_is_no_envelope_does_not_open(envelope: str) -> None:
    with pytest.raises(CannotOpen):
        Vault(KEY).open(envelope, PLACE)


def test_another_key_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        Vault(OTHER_KEY).open(Vault(KEY).seal(CANARY, PLACE), PLACE)


def test_keys_rotate_while_both_open() -> None:  # S68
    old = Vault(KEY).seal(CANARY, PLACE)
    both = Vault(OTHER_KEY, KEY)
    assert both.open(old, PLACE) == CANARY
    rewrapped = both.seal(both.open(old, PLACE), PLACE)
    assert Vault(OTHER_KEY).open(rewrapped, PLACE) == CANARY


def test_tokens_are_long_and_kept_as_digests() -> None:  # S34
    tokens = {random_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(base64.urlsafe_b64decode(token + "==")) == 32 for token in tokens)
    token = tokens.pop()
    assert token not in token_digest(token)
    assert token_digest(token) != token_digest(tokens.pop())


def test_a_keyed_digest_needs_the_key() -> None:
    assert keyed_digest(KEY, "x") == keyed_digest(KEY, "x")
    assert keyed_digest(KEY, "x") != keyed_digest(OTHER_KEY, "x")
