"""Timers whose callbacks are batches of the router: begun, and flushed at their end."""


class TurnTimers:
    """The node's timers for JetStream."""

    def __init__(self, timers, router):
        self._timers = timers
        self._router = router

    def after(self, delay_ns, callback):
        """Run ``callback()`` as a batch once ``delay_ns`` have passed; return its Timer."""
        return self._timers.after(delay_ns, lambda: self._run(callback))

    def _run(self, callback):
        self._router.begin()
        try:
            callback()
        finally:
            self._router.flush()
