"""Who may answer where it is asked."""

import pytest

from headwater.accounts.replies import Replies


def test_one_answer_to_each_request() -> None:
    replies = Replies(1, 100)
    replies.note(b"a", 0)
    replies.note(b"b", 0)
    assert [replies.permits(subject, 1) for subject in (b"a", b"a", b"c")] == [True, False, False]
    replies.note(b"a", 2)
    assert replies.permits(b"a", 3)
    assert replies.permits(b"b", 100)


@pytest.mark.parametrize(("expires_ns", "permitted"), [(99, False), (100, True), (-1, True)])
def test_too_late(expires_ns: int, permitted: bool) -> None:
    replies = Replies(5, expires_ns)
    replies.note(b"a", 0)
    assert replies.permits(b"a", 100) == permitted


def test_any_number_of_answers() -> None:
    replies = Replies(-1, 100)
    replies.note(b"a", 0)
    assert all(replies.permits(b"a", 1) for _ in range(100))


def test_what_is_remembered_is_bounded() -> None:
    replies = Replies(1, -1)
    for number in range(5000):
        replies.note(b"%d" % number, 0)
    assert not replies.permits(b"0", 0)
    assert replies.permits(b"4999", 0)
    assert replies.permits(b"904", 0)
