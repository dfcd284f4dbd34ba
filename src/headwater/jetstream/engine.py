"""JetStream of one node: its store, its accounts, and the API subjects that lead to them."""

from functools import partial

from headwater.base import ids
from headwater.base.clock import SECOND
from headwater.base.errors import StoreError
from headwater.broker.subscription import Subscription
from headwater.config import default_domains
from headwater.config.options import AccountJetStream
from headwater.jetstream import api_errors, batch_limits, stream_config
from headwater.jetstream.account_streams import AccountStreams, account_folder, folder_name
from headwater.jetstream.api import Api, NoApi, SystemApi
from headwater.jetstream.api_subscription import ApiSubscription
from headwater.jetstream.disk_space import DiskSpace
from headwater.jetstream.quota import Quota
from headwater.jetstream.request_guard import RequestGuard
from headwater.jetstream.stream_config import Storage
from headwater.store import recovery
from headwater.store.cache import BlockCache
from headwater.store.committer import Committer
from headwater.store.journal_replay import JournalReplay
from headwater.store.secrets import NO_SECRETS, open_keys
from headwater.store.writes import Writes
from headwater.wire.message import Message

_FORMAT = "FORMAT"
_CACHE_BYTES_MAX = 64 * 1024 * 1024
_TRIM_NS = 2 * SECOND
# What is read in that time, at most, of blocks that are written anew because they are sparse.
_COMPACTION_BYTES_MAX = 8 * 1024 * 1024


class JetStream:
    """Streams and consumers of a node.

    ``options`` are config.options.JetStreamOptions, ``disk`` is rooted in the store's directory
    and locked, ``jobs`` does blocking work on threads.  ``accounts`` are those that may have
    streams, each with its AccountJetStream; by default the global one, without limits.
    """

    API_LEVEL = stream_config.API_LEVEL

    def __init__(self, node, options, disk, jobs, accounts=None):
        self.node = node
        self.options = options
        self.domain = options.domain
        self.store_dir = options.store_dir  # the host puts the real place there
        self.jobs = jobs
        self.memory = Quota(options.memory_max)  # of all memory streams
        self.file = Quota(options.file_max)  # of all streams on the disk
        self.space = DiskSpace(node, disk, jobs, self.file)
        self.atomic_limits = batch_limits.atomic_limits()
        self.fast_limits = batch_limits.fast_limits()
        self.guard = RequestGuard(node)
        self._limit(options)
        self.writes = Writes()  # of all streams on the disk
        self.accounts = []  # the AccountStreams of each account that has JetStream
        self._enabled = accounts
        if accounts is None:
            self._enabled = {node.accounts.globals: AccountJetStream()}
        self._subscriptions = {}  # account -> those that lead to its API, or say that it has none
        self._leaving = set()  # accounts whose streams are being closed
        self.journal_bytes = 0  # of each file of the journal; 0: as it fits the disk
        self.damage = []  # sentences about what is lost of the journal
        self._disk = disk
        self._committer = None  # what brings batches to the disk, once the store is open
        self._cache = BlockCache(_CACHE_BYTES_MAX)
        self._trim_timer = None
        self._turn = 0  # which stream may be the first to have a block written anew
        self.secrets = NO_SECRETS  # what opens the store, if it is encrypted or is to be
        self._keys = None  # StoreKeys, if it is

    def recover(self):
        """Open the store; blocks.

        Raises:
            StoreError: it is of another version, or broken, or accounts may have more than it.
        """
        disk = self._disk
        # First of all: with the wrong key nothing is touched.
        key_files = open_keys(disk, self.secrets)
        if key_files is not None:
            self._keys = key_files.keys
        there = disk.exists(_FORMAT)
        said = disk.read(_FORMAT) if there else b""
        if there and not recovery.check_format(said):
            self.node.log.warn("JetStream store: FORMAT is damaged and was written anew")
        if said != recovery.format_file():
            disk.replace(_FORMAT, recovery.format_file())
        _check_sum(self._enabled, self.options)
        self._replay_journal()
        for account, limits in self._enabled.items():
            streams = self._recovered(account)
            streams.limit(limits, self.options)
            self._join(streams)
        if key_files is not None:
            if key_files.is_new:
                self._committer.clear()  # there may be messages that are not encrypted
            # Before the first write that needs them; streams of another store are refused above.
            key_files.write()
            if key_files.note:
                self.node.log.info(f"JetStream store: {key_files.note}")

    def _replay_journal(self):
        replay = JournalReplay(self._disk, ids.random_id(self.node.rng, 8))
        try:
            replay.run()
        except OSError as error:
            self.space.give_up(error)
            replay = JournalReplay(self._disk, replay.identity)
            replay.run()
        self.damage = replay.damage
        for text in replay.damage + replay.cuts:
            self.node.log.warn(f"JetStream store: {text}")
        self._committer = Committer(
            self._disk,
            self.jobs,
            self.writes,
            replay,
            self.node.router.ending.append,
            self._failed,
            file_bytes=self.journal_bytes,
        )

    def _failed(self, log, error):
        """A write has failed that nobody had to be told of."""
        where = "the journal" if log is None else log.folder
        self.node.log.warn(f"JetStream store: a write to {where} has failed: {error}")
        if isinstance(error, OSError):
            self.space.failed(error)

    def allow(self, options):
        """Let streams take as much as ``options`` say."""
        self.options = options
        self.memory.bytes_max = options.memory_max
        self.file.bytes_max = options.file_max
        self._limit(options)

    def _limit(self, options):
        self.atomic_limits.configure(options.limits.batch)
        self.fast_limits.configure(options.limits.batch)
        self.guard.configure(options)

    def start(self):
        """Answer requests, take messages and deliver them."""
        node = self.node
        node.router.begin()
        for streams in self.accounts:
            self._serve(streams)
        self._refuse_others()
        node.jetstream = self
        self._trim_timer = node.timers.after(_TRIM_NS, self._trim)
        self.space.start()
        node.router.flush()

    def prepared(self, options, accounts):
        """Return what makes this live by new ``options``, with streams in ``accounts`` alone.

        Blocks while the streams of accounts that had none are recovered.

        Raises:
            StoreError: there are some that cannot be; nothing has changed.
        """
        _check_sum(accounts, options)
        for account in accounts:
            # What could not be written before it left is still in the journal alone.
            gone = account.jetstream is None
            if account in self._leaving or (
                gone and self._committer.holds(account_folder(account))
            ):
                raise StoreError(
                    f"the streams of account {account.name.decode()} are still being closed"
                )
        fresh = [self._recovered(account) for account in accounts if account.jetstream is None]

        def apply():
            self.allow(options)
            for streams in list(self.accounts):
                if streams.account not in accounts:
                    self._leave(streams, b"JetStream Disabled", lambda: None)
            for streams in fresh:
                self._join(streams)
                self._serve(streams)
            for streams in self.accounts:
                streams.limit(accounts[streams.account], options)
            self._refuse_others()
            self.node.router.flush()  # what is still to be written of those that leave

        return apply

    def stop(self, done):
        """Finish what was begun, write checkpoints, then call ``done()``."""
        if self._trim_timer is not None:
            self._trim_timer.cancel()
        leaving = list(self.accounts)
        left = len(leaving) + 1

        def gone():
            nonlocal left
            left -= 1
            if left == 0:
                self.node.jetstream = None
                self._committer.stop(done)

        for streams in leaving:
            self._leave(streams, b"Server Shutdown", gone)
        for account in list(self._subscriptions):
            self._hear_nothing(account)
        gone()

    def _recovered(self, account):
        quotas = {
            Storage.MEMORY: Quota(-1, self.memory),
            Storage.FILE: Quota(-1, self.file),
        }
        streams = AccountStreams(
            self.node,
            account,
            self.domain,
            self._cache,
            self._disk,
            self.jobs,
            quotas,
            self.space,
            self.writes,
            self._committer,
            self._keys,
        )
        streams.atomic_limits = self.atomic_limits
        streams.fast_limits = self.fast_limits
        streams.recover()
        return streams

    def _join(self, streams):
        streams.account.jetstream = streams
        self.accounts.append(streams)

    def _serve(self, streams):
        """Let the streams of an account run, and answer requests about them."""
        account = streams.account
        api = streams.api = Api(streams, self.guard)
        subscriptions: list[Subscription] = [ApiSubscription(api)]
        if self.domain:
            prefix = f"$JS.{self.domain}.API.".encode()
            subscriptions += [
                _DomainSubscription(self.node.router, account, prefix, rest.encode())
                for rest in (*default_domains.REQUESTS, *default_domains.STORES)
            ]
        self._hear(account, subscriptions)
        streams.start()

    def _leave(self, streams, reason, done):
        """Close an account's streams, which stay on the disk; ``done()`` follows."""
        account = streams.account
        self._leaving.add(account)
        self.accounts.remove(streams)
        self._hear_nothing(account)

        def closed():
            self._leaving.discard(account)
            account.jetstream = None
            done()

        streams.close(reason, closed)

    def _refuse_others(self):
        for account in self.node.accounts:
            if account not in self._subscriptions and not _has_other_api(account):
                self._hear(account, [ApiSubscription(self._none(account))])

    def _none(self, account):
        """Return what answers the requests of an account that has no JetStream."""
        router = self.node.router
        if account is self.node.accounts.system:
            return SystemApi(router, account, self._purge)
        return NoApi(router, account)

    def _purge(self, name):
        """Delete what there is of an account, which need not be known any more."""
        account = self.node.accounts.find(name.encode())
        if account is not None and account.jetstream is not None:
            account.jetstream.purge()
        elif name and (account is None or account not in self._leaving):
            folder = folder_name(name)

            def removed(_, error):
                if error is not None:
                    self.node.log.warn(f"JetStream store: {folder} was not removed: {error}")

            self.jobs.submit(folder, partial(self._remove, folder), removed)

    def _remove(self, folder):
        if self._disk.exists(f"{folder}/streams"):  # else it is no account's
            self._disk.remove_tree(folder)

    def _hear(self, account, subscriptions):
        self._hear_nothing(account)
        self._subscriptions[account] = subscriptions
        for subscription in subscriptions:
            account.subscribe(subscription)

    def _hear_nothing(self, account):
        for subscription in self._subscriptions.pop(account, ()):
            account.unsubscribe(subscription)

    def _trim(self):
        self._cache.trim(self.node.clock.monotonic())
        self._give_back()
        self.space.check()
        self._committer.check()
        self.node.router.flush()  # what was proposed meanwhile
        self._trim_timer = self.node.timers.after(_TRIM_NS, self._trim)

    def _give_back(self):
        """Give back the room of deleted messages, of a few streams at a time."""
        found = [
            stream.files
            for streams in self.accounts
            for stream in streams.streams.values()
            if stream.files is not None and not stream.offline
        ]
        budget = _COMPACTION_BYTES_MAX
        for place in range(len(found)):
            files = found[(self._turn + place) % len(found)]
            budget -= files.give_back(budget)
            if budget <= 0:
                break
        self._turn += 1


def _has_other_api(account):
    """Tell whether an account imports the JetStream of another one."""
    return account.sharing is not None and account.sharing.serves(b"$JS.API.>")


def _check_sum(accounts, options):
    """Check that accounts are not promised more than the server has."""
    for field, error in (
        ("memory_max", api_errors.MEMORY_RESOURCES_EXCEEDED),
        ("file_max", api_errors.STORAGE_RESOURCES_EXCEEDED),
    ):
        room = getattr(options, field)
        if 0 <= room < sum(max(0, getattr(limits, field)) for limits in accounts.values()):
            raise StoreError(
                "Error enabling jetstream on configured accounts: "
                f"{error.description} ({error.err_code})"
            )


class _DomainSubscription(Subscription):
    """Lets requests that name the node's domain reach its API.

    ``prefix`` names it; ``rest`` is what may follow.
    """

    def __init__(self, router, account, prefix, rest):
        super().__init__(prefix + rest)
        self._router = router
        self._account = account
        self._prefix = prefix

    def deliver(self, message, origin):
        return self._router.route(self._account, self._plain(message), origin) > 0

    def traced(self, message, origin, trace):
        plain = self._plain(message)
        trace.mapped(plain.subject)
        return trace.route(plain, origin) > 0

    def _plain(self, message):
        rest = message.subject[len(self._prefix) :]
        # Key-value and object stores are reached in the same way, by subjects of their own.
        subject = rest if rest.startswith((b"$KV.", b"$OBJ.")) else b"$JS.API." + rest
        plain = Message()
        plain.compose(subject, message.reply(), message.headers(), message.payload())
        return plain
