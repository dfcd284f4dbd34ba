"""Jobs that run on the spot."""

import pytest

from headwater.base.errors import StoreError
from headwater.store.jobs import ImmediateJobs, Jobs


@pytest.mark.parametrize("error", [OSError("bad"), StoreError("worse")])
def test_errors_of_the_work_are_handed_on(error):
    answers = []

    def work():
        raise error

    ImmediateJobs().submit("key", work, lambda *answer: answers.append(answer))
    assert answers == [(None, error)]


def test_results_are_handed_on():
    answers = []
    ImmediateJobs().submit("key", lambda: 5, lambda *answer: answers.append(answer))
    assert answers == [(5, None)]


def test_a_bug_in_the_work_is_not_taken_for_a_bad_disk():
    with pytest.raises(ZeroDivisionError):
        ImmediateJobs().submit("key", lambda: 1 // 0, lambda *answer: None)


def test_the_interface_does_nothing():
    with pytest.raises(NotImplementedError):
        Jobs().submit("key", int, print)
