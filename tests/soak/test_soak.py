"""A short run of what ``make soak`` does for ten minutes, and tests of what it judges by."""

import asyncio

import pytest

from tests.crash.kill import payload_of
from tests.soak.campaign import Campaign, row
from tests.soak.client import Client, SoakError
from tests.soak.healthy import Numbers
from tests.soak.quiet import Quiet
from tests.soak.visit_subjects import matches


@pytest.mark.slow
def test_good_clients_notice_nothing_of_bad_ones(tmp_path):
    campaign = Campaign(tmp_path, seed=1)
    asyncio.run(campaign.run(4, phase_seconds=4))
    [phase] = campaign.phases
    assert phase.messages > 0
    assert len(phase.counts) > 10
    assert row(phase).startswith("    1")


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ([0, 1, 1], "has come twice"),
        ([0, 1, 7], "was never sent"),
        ([1, 0], "follows 1"),
    ],
)
def test_what_a_receiver_finds_wrong(numbers, wrong):
    judged = Numbers(b"a.0")
    for _ in range(3):
        judged.next_payload()
    *good, bad = numbers
    for number in good:
        judged.came(0, payload_of(number))
    with pytest.raises(SoakError, match=wrong):
        judged.came(0, payload_of(bad))


def test_another_content_is_wrong():
    judged = Numbers(b"a.0")
    with pytest.raises(SoakError, match="another content"):
        judged.came(0, judged.next_payload() + b"x")


def test_what_is_not_there_is_out():
    judged = Numbers(b"a.0")
    payloads = [judged.next_payload() for _ in range(3)]
    judged.came(0, payloads[0])
    judged.came(1, payloads[2])
    assert judged.out == 1


@pytest.mark.parametrize(
    ("pattern", "subject", "met"),
    [
        ("a", "a", True),
        ("a.>", "a", False),
        ("a.>", "a.b.c", True),
        ("*.b", "a.b", True),
        ("*", "a.b", False),
        (">", "a", True),
        ("a.*", "b.a", False),
    ],
)
def test_what_a_pattern_matches(pattern, subject, met):
    assert matches(pattern, subject) == met


def test_what_is_left_behind_is_told():
    options = "headwater.config.options.Options"
    before = Quiet({1}, {"descriptors": 7, "threads": 2}, {"headwater.a.B": 1, options: 1})
    after = Quiet({1, 5}, {"descriptors": 8, "threads": 2}, {"headwater.a.C": 2, options: 2})
    assert before.difference(before) == ""
    assert before.difference(after) == (
        "connections [5]; descriptors 7, then 8; headwater.a.B 1, then 0; headwater.a.C 0, then 2"
    )


def test_a_client_takes_bytes_in_any_portions():
    taken: list[tuple[bytes, bytes]] = []
    client = Client(lambda words, payload: taken.append((words[1], payload)))
    data = b"INFO {}\r\nMSG a 1 3\r\nx\r\n\r\n-ERR 'no'\r\nHMSG b 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
    for index in range(len(data)):
        client.data_received(data[index : index + 1])
    assert taken == [(b"a", b"x\r\n"), (b"b", b"NATS/1.0\r\n\r\nhi")]
    assert client.errors == ["no"]
