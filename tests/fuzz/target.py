"""What a target of the fuzzing is: where inputs come from, and what each must lead to."""

from tests.fuzz.dice import Dice


class Failure(AssertionError):
    """What has to hold does not; the text says what."""


class Target:
    """One reader of what others wrote.

    Inputs come in batches: ``begin`` makes what the inputs of a batch share, so that what one of
    them leaves behind can be noticed.  An input is bytes, whatever it stands for, so that all can
    be damaged, shrunk and printed in the same way.  ``play`` returns what came of one, as plain
    values that are the same in both forms of the code; anything that it raises is a failure.
    """

    name = ""
    # How many inputs of a campaign go here for each one of the smallest share.
    share = 1

    def begin(self) -> None:
        """Make what the inputs of a batch share."""

    def make(self, dice: Dice) -> bytes:
        """Return an input; it depends on ``dice`` alone."""
        raise NotImplementedError

    def play(self, data: bytes) -> object:
        """Feed an input; return what came of it.

        Raises:
            Failure: something that has to hold does not.
        """
        raise NotImplementedError


def require(condition: object, text: str) -> None:
    """Raise a Failure unless ``condition`` holds."""
    if not condition:
        raise Failure(text)
