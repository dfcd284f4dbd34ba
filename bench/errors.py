"""What goes wrong with a benchmark, as opposed to a slow result."""


class HarnessError(Exception):
    """A row could not be measured; the text says why and, where known, what to do."""
