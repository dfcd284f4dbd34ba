"""An account: a name, and a subject space of its own with the interest in it."""

from headwater.base.limits import MATCH_CACHE_SUBJECTS_MAX
from headwater.config.options import AccountLimits
from headwater.subjects.match import Sublist

GLOBAL = b"$G"
SYSTEM = b"$SYS"


class InterestListener:
    """Hears of every change of an account's interest; links to other servers implement it."""

    __slots__ = ()

    def interest_added(self, interest):
        raise NotImplementedError

    def interest_removed(self, interest):
        raise NotImplementedError


class Traffic:
    """Messages and bytes, of one connection or of many."""

    __slots__ = ("in_bytes", "in_msgs", "out_bytes", "out_msgs")

    def __init__(self):
        self.in_msgs = 0
        self.in_bytes = 0
        self.out_msgs = 0
        self.out_bytes = 0

    def add(self, other):
        """Add what ``other``, a Traffic or a session, has counted."""
        self.in_msgs += other.in_msgs
        self.in_bytes += other.in_bytes
        self.out_msgs += other.out_msgs
        self.out_bytes += other.out_bytes


class Account:
    """One tenant; subjects of different accounts never meet."""

    __slots__ = (
        "interest",
        "jetstream",
        "limits",
        "listeners",
        "mappings",
        "name",
        "past_clients",
        "past_leafs",
        "sessions",
        "sharing",
        "slow_consumers",
        "title",
        "trace_destination",
        "trace_sampling",
    )

    def __init__(self, name, cache_subjects_max=MATCH_CACHE_SUBJECTS_MAX):
        self.name = name
        self.interest = Sublist(cache_subjects_max)
        self.listeners = []
        self.mappings = None  # SubjectMappings for what is published, if there are any
        self.sessions = 0  # how many connections are bound to the account
        self.sharing = None  # the AccountSharing, once it exports or imports anything
        self.limits = AccountLimits()
        self.jetstream = None  # what manages its streams, when JetStream is on
        # Of connections that are closed; those that are open count for themselves.
        self.past_clients = Traffic()
        self.past_leafs = Traffic()
        self.slow_consumers = 0
        self.title = ""  # what people call it, where its name is a key
        self.trace_destination = b""  # where traces of sampled messages go, if they are wanted
        self.trace_sampling = 100  # percent

    def label(self):
        """Return how the log names it."""
        name = self.name.decode("utf-8", "replace")
        return f"{name}/{self.title}" if self.title else name

    def is_full(self):
        """Tell whether there are more connections than there may be."""
        return 0 <= self.limits.connections_max < self.sessions

    def remap(self, mappings):
        """Have what is published go where ``mappings`` (or None) say, and tell the listeners."""
        old, self.mappings = self.mappings, mappings
        for listener in self.listeners:
            for interest in mappings.interests() if mappings is not None else ():
                listener.interest_added(interest)
            for interest in old.interests() if old is not None else ():
                listener.interest_removed(interest)

    def subscribe(self, interest):
        """Add an interest, and tell the listeners."""
        self.interest.insert(interest)
        for listener in self.listeners:
            listener.interest_added(interest)

    def unsubscribe(self, interest):
        """Remove an interest, and tell the listeners if it was there."""
        if self.interest.remove(interest):
            for listener in self.listeners:
                listener.interest_removed(interest)


class Accounts:
    """All accounts of a node, by name."""

    def __init__(self, cache_subjects_max=MATCH_CACHE_SUBJECTS_MAX, system=SYSTEM):
        """``system`` is the name of the account that the server itself lives in."""
        self._by_name = {}
        self._cache_subjects_max = cache_subjects_max  # of each account's interest
        self.globals = self.get(GLOBAL)
        self.system = self.get(system)

    def get(self, name):
        """Return the account ``name`` (bytes), which is made if need be."""
        account = self._by_name.get(name)
        if account is None:
            account = self._by_name[name] = Account(name, self._cache_subjects_max)
        return account

    def find(self, name):
        """Return the account ``name`` (bytes), or None when there is none."""
        return self._by_name.get(name)

    def remove(self, account):
        """Forget an account that nobody is bound to any more."""
        del self._by_name[account.name]

    def __iter__(self):
        return iter(list(self._by_name.values()))
