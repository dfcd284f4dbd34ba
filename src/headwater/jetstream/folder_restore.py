"""From the files of a nats-server to a stream: read on a thread, a batch at a time."""

from itertools import chain, islice
from typing import Any

from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.stream_restore import is_storable

_BATCH_MESSAGES = 400
_BATCH_BYTES = 256 * 1024


class FolderRestore:
    """Fills a StreamRestore, which has begun, from a natsstore StreamFolder.

    A consumer that cannot be had is left out and noted, as it is only one of many.
    """

    def __init__(self, restore, folder, jobs, progress):
        self.notes = []
        self.consumers = 0
        self._restore = restore
        self._folder = folder
        self._jobs = jobs
        self._progress = progress
        self._records = iter(())
        self._messages = 0
        self._bytes = 0
        self._done: Any = None

    def run(self, done):
        """Add everything; ``done(error)`` follows."""
        self._done = done
        self._jobs.submit(self, self._read_beginning, self._begin)

    def _read_beginning(self):
        folder = self._folder
        records = folder.messages()
        first = next(records)
        self._records = chain((first,), records)
        begin = first.sequence + 1 if first.erased else first.sequence
        return folder.first_sequence() or begin, folder.consumers()

    def _begin(self, read, error):
        if error is not None:
            self._done(error)
            return
        begin, consumers = read
        self._restore.set_first(begin)
        for consumer in consumers:
            try:
                self._restore.add_consumer(
                    consumer.name, consumer.config, consumer.state, consumer.created_ns
                )
            except JetStreamError as refused:
                self.notes.append(f"consumer {consumer.name} was left out: {refused}")
            else:
                self.consumers += 1
        self._restore.commit(self._read_on)

    def _read_on(self, error):
        if error is not None:
            self._done(error)
        else:
            self._jobs.submit(self, self._read_batch, self._add)

    def _read_batch(self):
        batch = []
        size = 0
        for record in islice(self._records, _BATCH_MESSAGES):
            batch.append(record)
            size += len(record.payload) + len(record.headers)
            if size >= _BATCH_BYTES:
                break
        return batch

    def _add(self, batch, error):
        """Add a batch; the rest of it again after what had to be written first."""
        if error is not None:
            self._done(error)
            return
        if self._restore.abandoned:
            return
        try:
            left = self._add_records(batch)
        except JetStreamError as refused:
            self._done(refused)
            return
        if left:
            self._restore.commit(lambda error: self._add(left, error))
        elif batch:
            self._progress(self._messages, self._bytes)
            self._read_on(None)
        else:
            self._done(None)

    def _add_records(self, batch):
        for place, record in enumerate(batch):
            if record.erased:
                self._restore.end_at(record.sequence, record.time_ns)
                continue
            if not self._restore.takes(record.sequence):
                return batch[place:]
            if not is_storable(record.subject):
                self.notes.append(f"message {record.sequence} was left out: no valid subject")
                continue
            self._restore.add_message(
                record.sequence, record.time_ns, record.subject, record.headers, record.payload
            )
            self._messages += 1
            self._bytes += len(record.headers) + len(record.payload)
        return []
