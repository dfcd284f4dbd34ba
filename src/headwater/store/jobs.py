"""The seam between the store, which never waits, and the threads that do its blocking work."""

from headwater.base.errors import StoreError


class Jobs:
    """Runs blocking work elsewhere; the host implements it, tests run the work on the spot."""

    def submit(self, key, work, done):
        """Run ``work()`` on a thread, then ``done(result, error)`` on the store's own thread.

        Work of one ``key`` runs one at a time, in the order in which it was submitted.  ``error``
        is the OSError or StoreError that the work raised, else None; ``result`` is what it
        returned, None when it raised.
        """
        raise NotImplementedError


class ImmediateJobs(Jobs):
    """Runs everything at once: for recovery, for memory streams and for tests."""

    def submit(self, key, work, done):
        try:
            result = work()
        except (OSError, StoreError) as error:
            done(None, error)
        else:
            done(result, None)
