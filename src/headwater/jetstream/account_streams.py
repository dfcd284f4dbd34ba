"""The streams of one account, and what they share: subjects, quotas, the interest in inboxes."""

from functools import partial

from headwater.accounts.account import InterestListener
from headwater.base import gojson, ids
from headwater.base.errors import StoreError
from headwater.config.options import AccountJetStream, JetStreamOptions
from headwater.jetstream import batch_limits
from headwater.jetstream.stream import Stream
from headwater.jetstream.stream_config import Storage
from headwater.jetstream.turns import TurnTimers
from headwater.store import stream_files
from headwater.store.jobs import ImmediateJobs
from headwater.store.recovery import Recovery
from headwater.subjects.validate import matches

_DELETED = ".deleted-"
# How many bytes a character has in UTF-8, by the first four bits.
_UTF8_BYTES = (1,) * 12 + (2, 2, 3, 4)
_ASIDE = ".aside-"
# Longer names of streams are not told by the folder: names of files have their limit.
_NAME_BYTES_ASIDE = 200
_RESTORING = ".restoring-"


class DeliverInterest(InterestListener):
    """Tells push consumers when somebody begins or ceases to listen at their deliver subjects."""

    def __init__(self, account):
        self._account = account
        self._watching = {}  # deliver subject -> consumers
        self._subjects = {}  # consumer -> the subject that it is told of

    def watch(self, consumer):
        """Tell ``consumer`` of changes at its deliver subject."""
        if not self._watching:
            self._account.listeners.append(self)
        subject = consumer.config.deliver_subject.encode()
        self._subjects[consumer] = subject
        self._watching.setdefault(subject, set()).add(consumer)

    def unwatch(self, consumer):
        """Tell ``consumer`` nothing any more."""
        consumers = self._watching.get(subject := self._subjects.pop(consumer, b""))
        if consumers is not None:
            consumers.discard(consumer)
            if not consumers:
                del self._watching[subject]
                if not self._watching:
                    self._account.listeners.remove(self)

    def interest_added(self, interest):
        self._recheck(interest)

    def interest_removed(self, interest):
        self._recheck(interest)

    def _recheck(self, interest):
        pattern = interest.subject
        if b"*" not in pattern and b">" not in pattern:
            consumers = self._watching.get(pattern)
            found = list(consumers) if consumers else []
        else:
            found = [
                consumer
                for subject, consumers in self._watching.items()
                if matches(pattern, subject)
                for consumer in consumers
            ]
        for consumer in found:
            consumer.recheck_interest()


class AccountStreams:
    """What JetStream holds for one account."""

    def __init__(
        self,
        node,
        account,
        domain,
        cache,
        disk,
        jobs,
        quotas,
        space,
        writes,
        committer,
        keys=None,
    ):
        self.node = node
        self.account = account
        self.account_name = account.name.decode()
        self.domain = domain
        self.router = node.router
        self.clock = node.clock
        self.timers = TurnTimers(node.timers, node.router)
        self.rng = node.rng
        self.log = node.log
        self.cache = cache
        self.jobs = jobs
        self.disk = disk
        self.space = space
        self.writes = writes
        self.keys = keys  # StoreKeys, if the store is encrypted
        self.atomic_limits = batch_limits.atomic_limits()
        self.fast_limits = batch_limits.fast_limits()
        self.committer = committer
        self.interest = DeliverInterest(account)
        self.api = None  # the Api that answers for them, once they run
        self.streams = {}
        self.creating = {}  # name -> Stream that is not on disk yet
        self.restoring = set()  # the StreamRestores that are being filled
        self._deleting = {}  # name -> what waits until the stream is gone from the disk
        self.limits = AccountJetStream()
        self.options = JetStreamOptions()
        self._quotas = quotas
        self._folder = account_folder(account)

    def limit(self, limits, options):
        """Live by an AccountJetStream, and JetStreamOptions of the server, from now on."""
        self.limits = limits
        self.options = options
        self._quotas[Storage.MEMORY].bytes_max = limits.memory_max
        self._quotas[Storage.FILE].bytes_max = limits.file_max

    # Recovery

    def recover(self):
        """Open every stream on the disk; blocks."""
        for name in self.disk.names(self._folder):
            path = f"{self._folder}/{name}"
            if name.startswith((_DELETED, _RESTORING)):
                self.disk.remove_tree(path)
            if name.startswith((_DELETED, _RESTORING, _ASIDE)):
                continue
            stream = self._recover(path)
            if stream is not None and stream.config is not None and stream.name == name:
                stream.check()
                self.streams[name] = stream
            elif self.disk.names(path):
                self._set_aside(path)
            else:
                self.disk.remove_tree(path)
        if self.disk.exists(self._folder):
            # Streams that are seen to be gone, or to be there, must not change their mind.
            self.disk.sync_directory(self._folder)

    def _recover(self, path):
        """Return the stream in a folder, None when there is none; it may lack a configuration."""
        stream = Stream(self, path, self.disk, self._quotas[Storage.FILE])
        store = stream.store
        store.use_jobs(ImmediateJobs())
        recovery = Recovery(store, self.cache, self.clock.monotonic())
        try:
            found = recovery.run()
        except StoreError as error:
            raise StoreError(f"{path}: {error}") from error
        for text in recovery.reports:
            self.log.warn(f"JetStream store {path}: {text}")
        if not found:
            return None
        stream.damage.extend(recovery.damage)
        stream.is_cut = bool(recovery.cuts)
        store.use_jobs(self.jobs)
        stream.files = stream_files.StreamFiles(
            store, self.jobs, recovery.generation, recovery.checkpoint_bytes, recovery.dead
        )
        if stream.config is not None:
            self.log.info(
                f"  Restored {store.index.messages:,} messages for stream "
                f"'{self.account_name} > {stream.name}'"
            )
        return stream

    # What was set aside, for those who repair a store

    def aside(self):
        """Return the folders that could not be understood."""
        return [name for name in self.disk.names(self._folder) if name.startswith(_ASIDE)]

    def reopen(self, name):
        """Return the stream in a folder that was set aside, None when there is none."""
        return self._recover(f"{self._folder}/{name}")

    def name_aside(self, name):
        """Return how the stream in a folder that was set aside was called, empty if unknown."""
        return name.removeprefix(_ASIDE).rpartition(".")[0]

    def take_back(self, name, stream):
        """Put a stream that was set aside in its place."""
        folder = f"{self._folder}/{stream.name}"
        self.disk.rename(f"{self._folder}/{name}", folder)
        self.disk.sync_directory(self._folder)
        stream.store.log.folder = folder
        self.streams[stream.name] = stream

    def start(self):
        """Let the streams that were recovered run."""
        for stream in self.streams.values():
            self._start(stream)

    def _start(self, stream):
        """Let one that was recovered run, unless it is offline."""
        self.reserve(stream.config, 1)
        if not stream.offline:
            stream.start()
            if stream.store.is_bare():
                stream.encrypt()

    def close(self, reason, done):
        """Close every stream, telling those who wait ``reason``; ``done()`` once all is written."""
        left = len(self.streams) + 1

        def closed(stream=None):
            nonlocal left
            if stream is not None:
                self.reserve(stream.config, -1)
                stream.discard()
            left -= 1
            if left == 0:
                done()

        for restore in list(self.restoring):
            restore.abandon()
        for stream in list(self.streams.values()):
            if stream.offline:
                closed(stream)
                continue
            stream.stop(409, reason)
            stream.close(partial(closed, stream))
        closed()

    # Streams

    def create(self, config, done):
        """Make a stream of a checked configuration; ``done(stream, error)`` once it is on disk."""
        waiting = self._deleting.get(config.name)
        if waiting is not None:
            waiting.append(partial(self.create, config, done))
            return
        in_memory = config.storage == Storage.MEMORY
        folder = f"{self._folder}/{config.name}"
        disk = None if in_memory else self.disk
        stream = Stream(self, folder, disk, self._quotas[config.storage])
        created_ns = self.clock.now()
        self.creating[config.name] = stream
        stream.config = config  # for its name in reports, until the record is applied

        def finished(error):
            del self.creating[config.name]
            if error is None:
                self.streams[config.name] = stream
                self.reserve(config, 1)
                stream.start()
                if stream.files is not None:
                    stream.files.checkpoint()
            done(stream, error)

        def made(_, error):
            if error is not None:
                finished(error)
                return
            if not in_memory:
                stream.files = stream_files.StreamFiles(stream.store, self.jobs)
            stream.create(config, created_ns, finished)

        if in_memory:
            made(None, None)
        else:
            self.jobs.submit(folder, lambda: self._make_folder(folder), made)

    def _make_folder(self, folder):
        if self.disk.names(folder):
            # A create that failed half-way has left it, or it could not be opened: who knows.
            self._set_aside(folder)
        self.disk.make_directory(folder)

    def _set_aside(self, folder):
        """Keep the files of what is no stream out of the way, for somebody to look at."""
        unique = ids.unique_id(self.rng).decode()
        name = folder.rpartition("/")[2]
        if len(name.encode()) <= _NAME_BYTES_ASIDE:
            unique = f"{name}.{unique}"
        aside = f"{self._folder}/{_ASIDE}{unique}"
        self.disk.rename(folder, aside)
        self.disk.sync_directory(self._folder)
        self.log.warn(f"JetStream store: {folder} was no whole stream and is now {aside}")

    # A stream that comes from elsewhere: see StreamRestore.

    def begin_restore(self, config, done):
        """Make a stream that nobody sees yet; ``done(stream, error)`` once it can be filled."""
        in_memory = config.storage == Storage.MEMORY
        hidden = f"{self._folder}/{_RESTORING}{ids.unique_id(self.rng).decode()}"
        disk = None if in_memory else self.disk
        stream = Stream(self, hidden, disk, self._quotas[config.storage])
        stream.config = config
        self.creating[config.name] = stream
        if in_memory:
            done(stream, None)
        else:
            self.jobs.submit(
                hidden,
                lambda: self.disk.make_directory(hidden),
                lambda _, error: done(stream, error),
            )

    def spool_folder(self, unique):
        """Return where files of an archive may lie until the next start, at the latest."""
        return f"{self._folder}/{_RESTORING}{unique}.files"

    def end_restore(self, stream, done):
        """Put a stream that is filled and idle in its place; ``done(error)`` once it is there."""
        name = stream.name
        waiting = self._deleting.get(name)
        if waiting is not None:
            waiting.append(partial(self.end_restore, stream, done))
            return

        def placed(_, error):
            if error is None:
                del self.creating[name]
                self.streams[name] = stream
                if not stream.store.in_memory:
                    stream.store.log.folder = f"{self._folder}/{name}"
                    stream.files = stream_files.StreamFiles(stream.store, self.jobs)
                self.reserve(stream.config, 1)
                stream.start()
                if stream.files is not None:
                    stream.files.checkpoint()
            done(error)

        if stream.store.in_memory:
            placed(None, None)
        else:
            hidden = stream.store.log.folder
            self.jobs.submit(hidden, lambda: self._place(hidden, name), placed)

    def drop_restore(self, stream):
        """Let go of a stream that did not get into its place."""
        self.creating.pop(stream.name, None)
        stream.discard()
        if not stream.store.in_memory:
            hidden = stream.store.log.folder
            self.jobs.submit(hidden, lambda: self.disk.remove_tree(hidden), lambda *_: None)

    def _place(self, hidden, name):
        folder = f"{self._folder}/{name}"
        if self.disk.exists(folder):
            self._set_aside(folder)
        self.disk.rename(hidden, folder)
        self.disk.sync_directory(self._folder)

    def delete(self, stream, done):
        """Delete a stream with all it has; ``done(error)`` follows."""
        name = stream.name
        del self.streams[name]
        self._deleting[name] = []
        self.reserve(stream.config, -1)
        stream.stop(409, b"Consumer Deleted")
        stream.consumers.clear()

        def deleted(error):
            done(error)
            for create in self._deleting.pop(name):
                create()

        def idle():
            stream.store.log.tails.clear()
            stream.discard()
            if stream.store.in_memory:
                deleted(None)
                return
            folder = stream.store.log.folder
            doomed = f"{self._folder}/{_DELETED}{ids.unique_id(self.rng).decode()}"
            self.jobs.submit(folder, lambda: self._remove(folder, doomed), removed)

        def removed(_, error):
            if error is not None:
                self._bring_back(name)
            deleted(error)

        def settled():
            if stream.files is None:
                idle()
            else:
                stream.files.when_written(lambda: stream.store.flush(idle))

        stream.store.when_idle(settled)

    def _bring_back(self, name):
        """Let a stream be there again that could not be deleted, if its folder still is.

        This blocks: the disk has failed, and there is nobody else to have the stream.
        """
        folder = f"{self._folder}/{name}"
        try:
            stream = self._recover(folder) if self.disk.exists(folder) else None
        except (OSError, StoreError) as error:
            self.log.error(f"JetStream: {folder} cannot be read before the next start: {error}")
            return
        if stream is not None and stream.config is not None:
            stream.check()
            self.streams[name] = stream
            self._start(stream)

    def purge(self):
        """Delete all streams of the account."""
        for stream in list(self.streams.values()):
            self.delete(stream, lambda _: None)

    def _remove(self, folder, doomed):
        self.disk.rename(folder, doomed)
        self.disk.sync_directory(self._folder)
        self.disk.remove_tree(doomed)

    def reserve(self, config, sign):
        """Count what a stream reserves by its own limit."""
        if config.max_bytes > 0:
            self._quotas[config.storage].reserve(sign * config.max_bytes)

    def quota(self, storage):
        """Return the Quota of the account's streams of a kind of storage."""
        return self._quotas[storage]

    def usage(self):
        """Return the bytes that the account's memory streams take, and its file streams."""
        return self.used_bytes(Storage.MEMORY), self.used_bytes(Storage.FILE)

    def used_bytes(self, storage):
        """Return what the account's streams of a kind of storage take."""
        return sum(
            stream.store.index.bytes
            for stream in self.streams.values()
            if stream.config.storage == storage
        )

    def other_configs(self, name):
        """Return the configurations of all streams but ``name``."""
        streams = [*self.streams.values(), *self.creating.values()]
        return [stream.config for stream in streams if stream.config.name != name]

    def hears(self, subject):
        """Tell whether anybody listens to the advisories of a subject."""
        return self._hears(f"$JS.EVENT.ADVISORY.{subject}".encode())

    def _hears(self, name):
        found = self.account.interest.match(name)
        return bool(found.plain or found.groups)

    def advise(self, subject, kind, fields, *, family="io.nats.jetstream.advisory.v1"):
        """Publish an advisory, if anybody listens; ``family`` begins the name of its type."""
        self.tell(f"ADVISORY.{subject}", f"{family}.{kind}", fields)

    def tell(self, subject, kind, fields):
        """Publish an event, if anybody listens."""
        name = f"$JS.EVENT.{subject}".encode()
        if not self._hears(name):
            return
        body = {
            "type": kind,
            "id": ids.unique_id(self.rng).decode(),
            "timestamp": gojson.time_text(self.clock.now()),
            **fields,
        }
        if self.domain:
            body["domain"] = self.domain
        self.router.publish(self.account, name, gojson.encode(body))


def account_folder(account):
    """Return the folder in which the streams of an account lie."""
    return f"{folder_name(account.name.decode())}/streams"


def folder_name(account_name):
    """Return a folder's name for an account: what is no letter, digit or mark is spelled in hex."""
    return "".join(
        char if char.isalnum() or char in "$-_" else f"%{char.encode().hex()}"
        for char in account_name
    )


def account_of(folder):
    """Return the name of the account whose folder that is."""
    parts = folder.split("%")
    # Each character that is spelled in hex has as many digits as its first byte says.
    return parts[0] + "".join(_spelled(part) for part in parts[1:])


def _spelled(part):
    size = _UTF8_BYTES[int(part[:1], 16)] * 2
    return bytes.fromhex(part[:size]).decode() + part[size:]
