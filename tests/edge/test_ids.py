"""Ids of events: the same frame gives the same ones, different frames never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.edge.errors import EdgeError
from headwater.edge.ids import Cursor, check_name, cursor_of, event_id, identity_of

names = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
identities = st.one_of(
    st.integers(0, 1 << 60).map(lambda position: identity_of(position, "", 0)),
    st.tuples(st.from_regex(r"[0-9a-f]{12}", fullmatch=True), st.integers(0, 1 << 40)).map(
        lambda pair: identity_of(None, *pair)
    ),
)
parts = st.tuples(names, names, identities, names, st.integers(0, 1000))


@given(parts, parts)
def test_ids_are_equal_only_when_all_their_parts_are(one, other):
    assert (event_id(*one) == event_id(*other)) == (one == other)


@given(names, names, st.integers(0, 1 << 60), names, st.integers(0, 1000))
def test_cursor_is_read_back_from_an_id(node, source, position, event, ordinal):
    identifier = event_id(node, source, identity_of(position, "", 0), event, ordinal)
    assert cursor_of(identifier) == Cursor(position, ordinal)


def test_frames_that_never_come_back_give_no_cursor():
    assert cursor_of(event_id("n", "s", identity_of(None, "5f1c", 7), "e", 0)) is None


@pytest.mark.parametrize("text", ["", "a/b", "n/s/px/e/0", "n/s/p1/e/x", "n/s/p1/e/0/more"])
def test_foreign_ids_give_no_cursor(text):
    assert cursor_of(text) is None


def test_cursors_go_by_frame_then_ordinal():
    assert Cursor(1, 5) < Cursor(2, 0) < Cursor(2, 1)


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "*", ">", "ü", "x" * 65, "a\n"])
def test_names_that_would_break_subjects_are_refused(name):
    with pytest.raises(EdgeError, match=r"expected 1 to 64 letters"):
        check_name(name, "source")


def test_negative_positions_are_refused():
    with pytest.raises(EdgeError, match="expected 0 or more"):
        identity_of(-1, "r", 0)
