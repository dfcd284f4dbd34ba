"""The seam between the store, which never waits, and the threads that do its blocking work."""

from typing import NamedTuple

from headwater.base.errors import StoreError


class Waits(NamedTuple):
    """Work that found every thread busy: how much waits now, and how long the rest had to."""

    waiters: int = 0
    waits: int = 0
    wait_ns: int = 0
    wait_ns_max: int = 0


class Jobs:
    """Runs blocking work elsewhere; the host implements it, tests run the work on the spot."""

    waits = Waits()

    def submit(self, key, work, done):
        """Run ``work()`` on a thread, then ``done(result, error)`` on the store's own thread.

        Work of one ``key`` runs one at a time, in the order in which it was submitted.  ``error``
        is the OSError or StoreError that the work raised, else None; ``result`` is what it
        returned, None when it raised.
        """
        raise NotImplementedError

    def submit_commit(self, work, done):
        """Do the same for what many wait for: it does not wait behind other work."""
        self.submit("commit", work, done)


class ImmediateJobs(Jobs):
    """Runs everything at once: for recovery, for memory streams and for tests."""

    def submit(self, key, work, done):
        try:
            result = work()
        except (OSError, StoreError) as error:
            done(None, error)
        else:
            done(result, None)
