"""From an archive of a nats-server before 2.15 to a stream: its files, put down and then read."""

from functools import partial

from headwater.base import ids
from headwater.base.errors import FormatError, StoreError
from headwater.jetstream.archive_restore import Taken
from headwater.jetstream.folder_restore import FolderRestore
from headwater.natsstore.stream_folder import StreamFolder
from headwater.natsstore.tar import TarReader

_STAGED_BYTES_MAX = 4 * 1024 * 1024


class TarRestore:
    """Does what ArchiveRestore does, for tar archives of the files of a stream."""

    def __init__(self, streams, restore):
        self._streams = streams
        self._restore = restore
        self._reader = TarReader()
        self._folder = streams.spool_folder(ids.unique_id(streams.rng).decode())
        self._files = []  # name and content of those that are to be written
        self._staged_bytes = 0

    def feed(self, data):
        """Take more of the archive."""
        self._reader.feed(data)

    def take(self):
        """Take the files that are there; return how far that is Taken.

        Raises:
            FormatError: they make no sense.
        """
        while (found := self._reader.next()) is not None:
            name, content = found
            if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name:
                raise FormatError("unexpected content")
            self._files.append(found)
            self._staged_bytes += len(content)
            if self._staged_bytes > _STAGED_BYTES_MAX:
                return Taken.FULL
        return Taken.ALL

    def commit(self, done):
        """Write what was taken; ``done(error)`` once it is there."""
        files, self._files = self._files, []
        self._staged_bytes = 0

        def written(_, error):
            if not self._restore.abandoned:
                done(error)

        self._submit(partial(self._write, files), written)

    def end(self):
        """The archive is over.

        Raises:
            FormatError: it was cut off.
        """
        if not self._reader.ended:
            raise FormatError("unexpected EOF")

    def finish(self, done):
        """Read the files into the stream; ``done(error)`` follows."""

        def opened(folder, error):
            if self._restore.abandoned:
                return
            if error is None and folder.meta.name != self._restore.config.name:
                error = StoreError("stream names do not match")
            if error is not None:
                done(error)
                return
            self._restore.created_ns = folder.meta.created_ns
            filled = FolderRestore(self._restore, folder, self._streams.jobs, _ignore)
            filled.run(lambda error: read(folder, filled, error))

        def read(folder, filled, error):
            for text in (*filled.notes, *folder.reports):
                self._streams.log.warn(f"Restore of stream '{folder.meta.name}': {text}")
            done(error)

        self._submit(self._open, opened)

    def close(self):
        """Remove the files."""
        disk = self._streams.disk
        self._submit(lambda: disk.remove_tree(self._folder), _ignore)

    def _submit(self, work, done):
        self._streams.jobs.submit(self._folder, work, done)

    def _open(self):
        try:
            return StreamFolder(self._streams.disk, self._folder)
        except FormatError as error:
            raise StoreError(str(error)) from error

    def _write(self, files):
        disk = self._streams.disk
        for name, content in files:
            path = f"{self._folder}/{name}"
            disk.make_directory(path.rpartition("/")[0])
            file = disk.create(path)
            try:
                file.write(content, 0)
            finally:
                file.close()


def _ignore(*_):
    pass
