"""JetStream of one node: its store, its accounts, and the API subjects that lead to them."""

from headwater.base.clock import SECOND
from headwater.broker.subscription import InternalSubscription
from headwater.jetstream import stream_config
from headwater.jetstream.account_streams import AccountStreams
from headwater.jetstream.api import Api
from headwater.jetstream.ingest import Quota
from headwater.jetstream.stream_config import Storage
from headwater.store import recovery
from headwater.store.cache import BlockCache
from headwater.wire.message import Message

_FORMAT = "FORMAT"
_CACHE_BYTES_MAX = 64 * 1024 * 1024
_TRIM_NS = 2 * SECOND


class JetStream:
    """Streams and consumers of a node.

    ``options`` are config.options.JetStreamOptions, ``disk`` is rooted in the store's directory
    and locked, ``jobs`` does blocking work on threads.
    """

    API_LEVEL = stream_config.API_LEVEL

    def __init__(self, node, options, disk, jobs):
        self.node = node
        self.options = options
        self.domain = options.domain
        self.store_dir = options.store_dir  # the host puts the real place there
        self.jobs = jobs
        self.memory = Quota(options.memory_max)  # of all memory streams
        self.file = Quota(options.file_max)  # of all streams on the disk
        self.accounts = []  # the AccountStreams of each account that has JetStream
        self._disk = disk
        self._cache = BlockCache(_CACHE_BYTES_MAX)
        self._trim_timer = None

    def recover(self):
        """Open the store; blocks.

        Raises:
            StoreError: it is of another version.
        """
        disk = self._disk
        if disk.exists(_FORMAT):
            recovery.check_format(disk.read(_FORMAT))
        else:
            disk.replace(_FORMAT, recovery.format_file())
        node = self.node
        account = node.accounts.globals
        quotas = {Storage.MEMORY: self.memory, Storage.FILE: self.file}
        streams = AccountStreams(node, account, self.domain, self._cache, disk, self.jobs, quotas)
        streams.recover()
        for stream in streams.streams.values():
            streams.reserve(stream.config, 1)
        account.jetstream = streams
        self.accounts.append(streams)

    def start(self):
        """Answer requests, take messages and deliver them."""
        node = self.node
        node.router.begin()
        for streams in self.accounts:
            api = streams.api = Api(streams)
            account = streams.account
            account.subscribe(InternalSubscription(b"$JS.API.>", api.request))
            if self.domain:
                prefix = f"$JS.{self.domain}.API.".encode()
                mapping = _DomainMapping(node.router, account, prefix)
                account.subscribe(InternalSubscription(prefix + b">", mapping.forward))
            streams.start()
        node.jetstream = self
        self._trim_timer = node.timers.after(_TRIM_NS, self._trim)
        node.router.flush()

    def stop(self, done):
        """Finish what was begun, write checkpoints, then call ``done()``."""
        if self._trim_timer is not None:
            self._trim_timer.cancel()
        streams = [stream for account in self.accounts for stream in account.streams.values()]
        left = len(streams)

        def closed():
            nonlocal left
            left -= 1
            if left <= 0:
                done()

        if not streams:
            left = 1
            closed()
            return
        for stream in streams:
            stream.stop(409, b"Server Shutdown")
            stream.close(closed)

    def _trim(self):
        self._cache.trim(self.node.clock.monotonic())
        self._trim_timer = self.node.timers.after(_TRIM_NS, self._trim)


class _DomainMapping:
    """Lets requests that name the node's domain reach its API."""

    def __init__(self, router, account, prefix):
        self._router = router
        self._account = account
        self._prefix = prefix

    def forward(self, message, origin):
        rest = message.subject[len(self._prefix) :]
        # Key-value and object stores are reached in the same way, by subjects of their own.
        subject = rest if rest.startswith((b"$KV.", b"$OBJ.")) else b"$JS.API." + rest
        plain = Message()
        plain.compose(subject, message.reply(), message.headers(), message.payload())
        return self._router.route(self._account, plain, origin) > 0
