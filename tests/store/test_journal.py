"""Entries of the journal: what is written is found again, and nothing else is."""

import random

import pytest

from headwater.base.errors import StoreError
from headwater.store import journal
from headwater.store.block import Block
from headwater.store.journal import EntryWriter, file_head, find_entries, identities, seed_of
from headwater.store.log import Batch, Log
from headwater.store.record import CONFIG
from tests.sim.simdisk import SimDisk

ID = b"journal!"


def staged(folder: str, number: int, offset: int, payload: bytes) -> tuple[Log, Batch]:
    log = Log(SimDisk(), folder, b"identity")
    log.stage(CONFIG, 1, 5, b"", payload)
    batch = log.start()
    batch.block = Block(log.stream_id, number)
    batch.offset = offset
    log.pack(batch)
    return log, batch


def entry(number: int, *payloads: bytes, first: int = 1) -> bytes:
    writer = EntryWriter(ID)
    writer.begin()
    for place, payload in enumerate(payloads):
        writer.add(*staged(f"folder/{place}", place + 1, 100 + place, payload))
    writer.seal(number, first)
    return bytes(writer.data())


def test_an_entry_gives_back_what_was_put_into_it():
    data = file_head(ID) + entry(7, b"one", b"two", first=3) + bytes(50)
    (found,) = find_entries(data, seed_of(ID))
    assert (found.number, found.first_number) == (7, 3)
    assert (found.start, found.end) == (64, len(data) - 50)
    one, two = found.pieces()
    assert one[:4] == ("folder/0", b"identity", 1, 100)
    assert two[:4] == ("folder/1", b"identity", 2, 101)
    assert one[4].endswith(b"one")
    assert two[4] == staged("folder/1", 2, 101, b"two")[1].packed.contents()


def test_a_writer_begins_anew_with_each_entry():
    writer = EntryWriter(ID)
    for number in (1, 2):
        writer.begin()
        writer.add(*staged("f", 1, 64, b"payload"))
        writer.seal(number, 1)
        (found,) = find_entries(file_head(ID) + bytes(writer.data()), seed_of(ID))
        assert len(found.pieces()) == 1


def test_every_flipped_bit_of_an_entry_is_noticed():
    whole = entry(7, b"payload")
    rng = random.Random(5)
    for at in range(len(whole)):
        data = bytearray(file_head(ID) + whole)
        data[64 + at] ^= 1 << rng.randrange(8)
        assert find_entries(bytes(data), seed_of(ID)) == []


def test_entries_behind_damage_are_found():
    first, second, third = (entry(number, b"x" * 300) for number in (1, 2, 3))
    damaged = bytearray(second)
    damaged[200] ^= 1
    data = file_head(ID) + first + bytes(damaged) + third
    assert [found.number for found in find_entries(data, seed_of(ID))] == [1, 3]


def test_what_a_publisher_sends_does_not_pass_for_an_entry():
    forged = EntryWriter(b"whatever")
    forged.begin()
    forged.seal(1 << 40, 1 << 40)
    damaged = bytearray(entry(1, bytes(forged.data()) * 3))
    damaged[9] ^= 1
    assert find_entries(file_head(ID) + bytes(damaged), seed_of(ID)) == []


def test_an_entry_that_claims_to_be_larger_than_the_file_is_none():
    whole = entry(1, b"payload")
    assert find_entries(file_head(ID) + whole[:-1], seed_of(ID)) == []
    assert find_entries(file_head(ID) + whole[:20], seed_of(ID)) == []


def test_a_head_says_its_identity_twice():
    head = file_head(ID)
    assert len(head) == journal.FILE_HEAD_BYTES
    assert identities(head) == [ID]
    for at in range(16, 32):
        damaged = bytearray(head)
        damaged[at] ^= 1
        assert ID in identities(bytes(damaged))
    assert identities(bytes(64)) == identities(b"") == []


def test_a_newer_format_is_refused():
    writer = file_head(ID)
    try:
        journal.VERSION = 2
        newer = file_head(ID)
    finally:
        journal.VERSION = 1
    with pytest.raises(StoreError, match="reads version 1"):
        identities(newer)
    damaged = bytearray(writer)
    damaged[8] ^= 2  # no version, just damage
    assert identities(bytes(damaged)) == [ID]
