"""``headwater server`` with small blocks and frequent checkpoints, for rounds of a second."""

import os
import sys

from headwater.base.clock import MILLISECOND
from headwater.cli.main import main
from headwater.jetstream import account_streams, engine
from headwater.jetstream.stream import Stream
from headwater.store import checkpoint

BLOCK_BYTES = 6000


class SmallStream(Stream):
    """A stream whose blocks are small."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.store.log.block_bytes = BLOCK_BYTES


def serve(flags: list[str], log: str, environment: dict[str, str]) -> None:
    """Be a server, in a process of its own."""
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    engine._TRIM_NS = 50 * MILLISECOND
    checkpoint._DUE_BYTES_MIN = 4 * BLOCK_BYTES
    account_streams.Stream = SmallStream
    sys.exit(main(["server", *flags]))
