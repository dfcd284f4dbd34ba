"""``headwater server`` with small blocks and frequent checkpoints: a second of work has them all.

python -m tests.crash.small_server FLAGS
"""

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


if __name__ == "__main__":
    engine._TRIM_NS = 50 * MILLISECOND
    checkpoint._DUE_BYTES_MIN = 4 * BLOCK_BYTES
    account_streams.Stream = SmallStream
    sys.exit(main(["server", *sys.argv[1:]]))
