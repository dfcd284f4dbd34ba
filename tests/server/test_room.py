"""How much JetStream may take where nothing is said."""

from pathlib import Path

from headwater.config.options import JetStreamOptions
from headwater.server.room import whole_room, with_room
from headwater.store.disk import Disk


class _SmallDisk(Disk):
    def free_bytes(self) -> int:
        return 1000


def test_three_quarters(tmp_path: Path) -> None:
    room = whole_room(_SmallDisk(str(tmp_path)), used=600)
    assert room.file_max == 1200
    assert 1 << 20 < room.memory_max < 1 << 50


def test_what_is_given_counts() -> None:
    room = JetStreamOptions(memory_max=7, file_max=8)
    assert with_room(JetStreamOptions(memory_max=1), room) == JetStreamOptions(
        memory_max=1, file_max=8
    )
    assert with_room(JetStreamOptions(file_max=0, domain="d"), room) == JetStreamOptions(
        memory_max=7, file_max=8, domain="d"
    )
