"""Identifiers: their form, and that a generator's seed decides them."""

import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base import ids

LETTERS = (string.digits + string.ascii_letters).encode()


@given(st.integers(), st.integers(0, 40))
def test_random_ids_come_from_the_generator(seed, length):
    one = ids.random_id(random.Random(seed), length)
    assert one == ids.random_id(random.Random(seed), length)
    assert len(one) == length
    assert set(one) <= set(LETTERS)


def test_unique_ids_differ():
    rng = random.Random(1)
    found = {ids.unique_id(rng) for _ in range(1000)}
    assert len(found) == 1000
    assert {len(name) for name in found} == {22}


def test_every_letter_is_used():
    assert set(ids.random_id(random.Random(1), 5000)) == set(LETTERS)


@given(st.binary(max_size=30))
def test_name_hash_has_its_length(name):
    assert len(ids.name_hash(name)) == 8
    assert ids.name_hash(name).startswith(ids.name_hash(name, 6))
    assert set(ids.name_hash(name)) <= set(LETTERS)


def test_name_hash_of_a_known_name():
    assert ids.name_hash(b"n1") == b"fjFyEjc1"


@pytest.mark.hub
def test_nats_server_gives_its_name_the_same_hash(nats_server):
    server = nats_server(jetstream=True, config="server_name: somewhere-else\n")
    # It prints this as its node id.
    assert f"Node:     {ids.name_hash(b'somewhere-else').decode()}" in server.log()


@pytest.mark.parametrize("seed", range(20))
def test_server_id_is_a_server_key(seed):
    name = ids.server_id(random.Random(seed)).decode()
    assert len(name) == 56
    assert name[0] == "N"
    raw = base64.b32decode(name)
    assert len(raw) == 35
    # Over the whole key, check sum included, this CRC leaves nothing (its bytes are swapped).
    assert crc16(raw[:33] + raw[:32:-1]) == 0


def test_public_keys_are_recognised():
    key = ids.server_id(random.Random(1)).decode()
    assert ids.is_public_key(key, "N")
    assert ids.is_public_key("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4", "U")
    assert not ids.is_public_key(key, "U")


@pytest.mark.parametrize("place", [1, 30, 53, 55])
def test_public_keys_with_a_wrong_letter(place):
    key = ids.server_id(random.Random(1)).decode()
    other = "B" if key[place] == "A" else "A"
    assert not ids.is_public_key(key[:place] + other + key[place + 1 :], "N")


@pytest.mark.parametrize("text", ["", "N", "N" * 55, "N" * 57, "N" * 56, "N" + "1" * 55, "Nü" * 28])
def test_what_is_no_public_key(text):
    assert not ids.is_public_key(text, "N")


def crc16(data: bytes) -> int:
    crc = 0
    for bit in "".join(f"{byte:08b}" for byte in data):
        crc = crc << 1 ^ (0x1021 if (crc >> 15 & 1) ^ int(bit) else 0)
        crc &= 0xFFFF
    return crc
