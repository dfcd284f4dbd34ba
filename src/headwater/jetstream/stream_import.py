"""Streams out of the files of a nats-server, for a store that no server is using meanwhile.

All of this blocks: the work of the store is done on the spot, and timers run when they are due.
"""

import msgspec

from headwater.base.errors import FormatError, StoreError
from headwater.jetstream.api_streams import limits_of
from headwater.jetstream.folder_restore import FolderRestore
from headwater.jetstream.requests import read_body
from headwater.jetstream.stream_check import check_overlap, check_reservation, check_restored
from headwater.jetstream.stream_config import Storage, StreamConfig, unsupported
from headwater.jetstream.stream_restore import StreamRestore


class Imported(msgspec.Struct):
    """What came of one stream."""

    messages: int = 0
    bytes: int = 0
    consumers: int = 0
    notes: list[str] = []


class StreamImport:
    """Brings one stream, a natsstore StreamFolder, among the AccountStreams of an account.

    ``progress(messages, size)`` is called now and then.
    """

    def __init__(self, streams, folder, progress):
        self._streams = streams
        self._folder = folder
        self._progress = progress
        self._notes = []

    def run(self):
        """Import the stream; return what came of it.

        Raises:
            FormatError: the files are not what they should be.
            JetStreamError: there cannot be such a stream here.
            StoreError: it could not be written.
            OSError: something could not be read.
        """
        meta = self._folder.meta
        restore = StreamRestore(self._streams, self._config(), meta.created_ns)
        self._do(restore.begin)
        filled = FolderRestore(restore, self._folder, self._streams.jobs, self._progress)
        try:
            self._do(filled.run)
        except BaseException:
            self._do(lambda done: (restore.abandon(), done(None)))
            raise
        stream = self._do(restore.finish)
        index = stream.store.index
        notes = self._notes + filled.notes + self._folder.reports
        return Imported(index.messages, index.bytes, filled.consumers, notes)

    def _config(self):
        streams = self._streams
        config = read_body(StreamConfig, self._folder.meta.config, strict=False)
        if newer := unsupported(config.metadata):
            raise FormatError(
                f"it is of a newer version, and some of it is not known here: {newer}"
            )
        if config.storage == Storage.MEMORY:
            raise FormatError("it was in memory, and nothing of it is in the files")
        if config.num_replicas > 1:
            self._notes.append(f"it had {config.num_replicas} replicas and will have one")
            config = msgspec.structs.replace(config, num_replicas=1)
        limits = limits_of(streams)
        checked = check_restored(config, limits)
        check_overlap(checked.subjects, streams.other_configs(checked.name))
        check_reservation(checked, streams.quota(checked.storage), limits)
        return checked

    def _do(self, begin):
        """Call ``begin(done)`` and let everything happen until it is done; return its result."""
        return run_until_done(self._streams.node, begin)


def run_until_done(node, begin):
    """Call ``begin(done)`` on a node without a loop; return what ``done`` gets before its error.

    Raises:
        StoreError: it gets an error, or is never called.
    """
    outcome = []
    router = node.router
    router.begin()
    begin(lambda *values: outcome.append(values))
    router.flush()
    while not outcome:
        if node.timers.next_deadline() is None:
            raise StoreError("the store does not answer")
        node.timers.run_due()
    *values, error = outcome[0]
    if error is not None:
        raise StoreError(str(error))
    return values[0] if values else None
