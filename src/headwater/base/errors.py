"""The kinds of wrong: the peer's, the operator's, the world's, and ours."""


class HeadwaterError(Exception):
    """Base of every error that this package raises on purpose."""


class ProtocolError(HeadwaterError):
    """The peer broke the protocol.

    ``wire_text`` goes to the peer in an ``-ERR`` line, unless it is empty: some violations close
    the connection without a word, as nats-server does.
    """

    def __init__(self, reason: str, wire_text: str = "") -> None:
        super().__init__(reason)
        self.wire_text = wire_text


class ConfigError(HeadwaterError):
    """The configuration cannot be used; the text names the place and what is expected."""


class FormatError(HeadwaterError):
    """Bytes that another program wrote are not of the format that they should be of."""


class StoreError(HeadwaterError):
    """The store could not do what was asked; nothing that was acknowledged is affected."""


class InvariantError(HeadwaterError):
    """We are wrong: a condition that the code relies on does not hold."""


def invariant(condition: object, text: str) -> None:
    """Raise unless ``condition`` holds; unlike ``assert`` it also runs under ``python -O``."""
    if not condition:
        raise InvariantError(text)
