"""Mending what is damaged in a store, so that nothing is left for a check to find."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headwater.server.store_check import StoreCheck, ranges
from headwater.store.secrets import NO_SECRETS, Secrets


@dataclass
class Mended:
    """What came of one stream; ``lost`` are its messages that are gone for good, as ranges."""

    account: str
    stream: str
    messages: int = 0
    well: bool = False  # it was, and nothing was done
    kept: list[str] = field(default_factory=list)  # files that were put aside
    lost: list[tuple[int, int]] = field(default_factory=list)
    note: str = ""
    failed: bool = False


class StoreRepair(StoreCheck):
    """Mends the store in the directory ``store_dir``, which no server may be using."""

    def __init__(self, store_dir: Path, secrets: Secrets = NO_SECRETS) -> None:
        """Take the store, which ``secrets`` open if it is encrypted.

        Raises:
            HeadwaterError: a server is using it, or there is none.
        """
        super().__init__(store_dir, secrets, frozen=False)

    def mend(self) -> Iterator[Mended]:
        """Mend one stream after the other; return what came of each.

        Raises:
            HeadwaterError: the store is of another version, or cannot be written.
            OSError: something could not be read, or not be written.
        """
        from headwater.jetstream.stream_repair import AsideRepair  # noqa: PLC0415 (takes a while)

        for streams in self._opened():
            notes: dict[str, str] = {}
            for folder, stream, note in AsideRepair(streams).run():
                if stream is None:
                    yield Mended(streams.account_name, folder, note=note, failed=True)
                else:
                    notes[stream.name] = note
            for stream in streams.streams.values():
                yield self._mend(streams.account_name, stream, notes.get(stream.name, ""))

    def _mend(self, account: str, stream: Any, note: str) -> Mended:
        from headwater.jetstream.stream_repair import StreamRepair  # noqa: PLC0415 (see above)

        done = StreamRepair(self._node, stream).run(force=bool(note))
        stream.store.log.close()
        mended = Mended(account, stream.name, stream.store.index.messages, note=note)
        if done is None:
            mended.well = True
        else:
            mended.kept = done.kept
            mended.lost = ranges(done.lost)
        return mended
