"""The books of the demonstration: what counts as missing, and as duplicated."""

import os

from headwater.cli.demo_journal import (
    Acked,
    Counted,
    Emitted,
    Finished,
    Journal,
    JournalWriter,
    NodeStarted,
    Noted,
    balance,
    decode,
)
from headwater.edge import Ack


def journal(emitted: str, acked: str) -> Journal:
    books = Journal()
    books.begin_run()
    for letter in emitted:
        books.take(Emitted(letter))
    for letter in acked:
        books.take(Acked(letter))
    return books


def test_a_balance_that_holds():
    result = balance(journal("abc", "abc"), "abc")
    assert (result.emitted, result.acked, result.at_hub) == (3, 3, 3)
    assert (result.missing, result.duplicated) == ((), ())
    assert result.holds


def test_what_was_stored_but_not_acknowledged_is_no_fault():
    result = balance(journal("abc", "ab"), "abc")
    assert (result.acked, result.at_hub) == (2, 3)
    assert result.holds


def test_what_was_not_acknowledged_need_not_be_there():
    assert balance(journal("abc", "ab"), "ab").holds


def test_what_was_acknowledged_and_is_not_there_is_missing():
    result = balance(journal("abc", "abc"), "a")
    assert result.missing == ("b", "c")
    assert not result.holds


def test_what_is_there_twice_is_duplicated():
    result = balance(journal("abc", "abc"), "abcb")
    assert result.duplicated == ("b",)
    assert not result.holds


def test_nothing_at_all_proves_nothing():
    assert not balance(journal("", ""), "").holds


def test_counters_of_all_runs_are_added():
    books = Journal()
    for frames in (5, 7):
        books.begin_run()
        books.take(Counted(frames - 1, 0, 0, 0, 0))
        books.take(Counted(frames, 1, 100, 2, 3))
    assert (books.frames, books.dropped, books.raw_bytes) == (12, 2, 200)
    assert (books.failures, books.resent) == (4, 6)


def test_nodes_notes_and_the_end_are_kept():
    books = journal("", "")
    for pid in (10, 11):
        books.take(NodeStarted(pid))
    books.take(Noted("hello"))
    books.take(Finished())
    assert (books.node_pid, books.node_starts) == (11, 2)
    assert books.notes == ["hello"]
    assert books.finished
    books.begin_run()
    assert not books.finished


def test_what_is_written_can_be_read():
    read_end, write_end = os.pipe()
    writer = JournalWriter(write_end)
    writer.emitting("n/s/p1/e/0")
    writer.acknowledged(Ack("n/s/p1/e/0", 7))
    os.close(write_end)
    with os.fdopen(read_end, "rb") as lines:
        assert [decode(line) for line in lines] == [Emitted("n/s/p1/e/0"), Acked("n/s/p1/e/0")]
