"""The switch: takes a message of an account to whoever is interested, and flushes what it touched.

One router serves a node, on one thread.  A *batch* is what one event causes (bytes read, a timer, a
commit): connections that it wrote to are flushed once, at its end.
"""

from headwater.accounts.account import Traffic
from headwater.base.buffer import BufferPool
from headwater.base.clock import MILLISECOND
from headwater.base.limits import READ_BUFFER_BYTES
from headwater.wire import headers
from headwater.wire.message import Message

# nats-server pauses a fast producer for up to 10 ms a batch; so do we, but earlier, while the
# subscriber's backlog still fits a cache.
_STALL_NS = 10 * MILLISECOND
STALL_BYTES = 8 * READ_BUFFER_BYTES


class Router:
    """Delivers, and keeps the list of connections to flush."""

    __slots__ = (
        "_clock",
        "_random",
        "_relay_groups",
        "_relays",
        "behind",
        "congested",
        "dirty",
        "dropping",
        "ending",
        "in_bytes",
        "in_msgs",
        "links",
        "now_ns",
        "out_bytes",
        "out_msgs",
        "paused",
        "pool",
        "slow_consumers",
        "stale_connections",
        "stall_bytes",
        "stalls",
    )

    def __init__(self, clock, seed):
        self.pool = BufferPool(4096, capacity_max=1 << 20, count_max=64)
        self.dirty = []  # sessions to flush at the end of the batch
        self.ending = []  # what wants its ``end_of_batch`` called before they are flushed
        self.paused = []  # links of publishers that wait for a subscriber
        self.congested = False  # whether this batch met a subscriber that is far behind
        self.behind = 0  # how many sessions are far behind right now
        self.stall_bytes = STALL_BYTES
        self.dropping = False  # whether who is far behind misses messages, and nobody waits
        self.now_ns = clock.now()
        self.in_msgs = self.in_bytes = self.out_msgs = self.out_bytes = 0
        self.links = Traffic()  # what of them went over links to other servers
        self.slow_consumers = self.stale_connections = self.stalls = 0
        self._clock = clock
        self._random = seed % 2147483646 + 1
        self._relays = []  # links to other servers that the message in hand goes to
        self._relay_groups = []  # for each of them: the queue groups to serve there, or None

    def begin(self):
        """A batch starts: everything in it happens at one time."""
        self.congested = False
        self.now_ns = self._clock.now()

    def route(self, account, message, origin):
        """Deliver ``message`` in ``account``; return how many receivers took it.

        ``origin`` is the session that it came from, None when the server made it.  A message of
        another server names the queue groups to serve; any other one is offered to all, and so is
        one that names none because it was for a subject that is mapped here.
        """
        return self.route_to(account.interest.match(message.subject), message, origin)

    def route_to(self, matches, message, origin):
        """Do so for the interests that the subject is known to meet."""
        count = 0
        outer = self._relays
        outer_groups = self._relay_groups
        if outer:
            # A receiver publishes while it is delivered to: keep its message apart from ours.
            self._relays = []
            self._relay_groups = []
        try:
            for subscription in matches.plain:
                if subscription.deliver(message, origin):
                    count += 1
            if matches.groups:
                count += self._route_groups(matches.groups, message, origin)
            if self._relays:
                self.relay(message)
        finally:
            if self._relays is not outer:
                self._relays = outer
                self._relay_groups = outer_groups
            elif outer:
                # A receiver failed before the message could be relayed.
                outer.clear()
                outer_groups.clear()
        return count

    def _route_groups(self, groups, message, origin):
        count = 0
        served = None
        if origin is not None and origin.peer and (message.queues or not message.mapped):
            served = message.queues or []
        for group in groups:
            first = group[0]
            if served is not None and first.queue not in served:
                continue
            if self._deliver_to_one(group, message, origin):
                count += 1
        return count

    def _deliver_to_one(self, group, message, origin):
        """Deliver to a random member; one behind another server only when no local one takes it."""
        size = len(group)
        start = self.random_below(size)
        member = group[start]
        if member.remote:
            # Its local neighbour must not get its share as well: pick again, a few times at most.
            tries = 8
            while member.remote and tries:
                start = self.random_below(size)
                member = group[start]
                tries -= 1
        remote_weight = 0
        for offset in range(size):
            member = group[(start + offset) % size]
            if member.remote:
                remote_weight += member.weight
            elif member.deliver(message, origin):
                return True
        if remote_weight == 0:
            return False
        return self._deliver_to_remote(group, remote_weight, message, origin)

    def _deliver_to_remote(self, group, weight, message, origin):
        """Deliver to a member behind another server; ``weight`` is what all of them have."""
        pick = self.random_below(weight)
        chosen = None
        for member in group:
            if member.remote:
                chosen = member
                pick -= member.weight
                if pick < 0:
                    break
        if chosen is not None and chosen.deliver(message, origin):
            return True
        # The chosen one may not have it, because it came from there: try the others in turn.
        for member in group:
            if member.remote and member is not chosen and member.deliver(message, origin):
                return True
        return False

    def relay_to(self, session, queue):
        """Have ``session`` (a link to another server) get the message that is being routed, once.

        ``queue`` is the group that the other server is to serve, empty for its plain subscribers.
        """
        relays = self._relays
        index = 0
        while index < len(relays) and relays[index] is not session:
            index += 1
        if index == len(relays):
            relays.append(session)
            self._relay_groups.append([queue] if queue else None)
        elif queue:
            groups = self._relay_groups[index]
            if groups is None:
                self._relay_groups[index] = [queue]
            else:
                groups.append(queue)

    def relay(self, message):
        """Send the message over the links that were collected for it."""
        relays = self._relays
        groups = self._relay_groups
        for index in range(len(relays)):
            relays[index].relay(message, groups[index])
        relays.clear()
        groups.clear()

    def publish(self, account, subject, payload, reply=b"", header_block=b""):
        """Route a message that the server makes; return how many receivers took it."""
        message = Message()
        message.compose(subject, reply, header_block, payload)
        return self.route(account, message, None)

    def answer_no_responders(self, session, message):
        """Tell the sender of a request that nobody is there to answer it.

        As on nats-server, one of its plain subscriptions is told; members of groups never are.
        """
        fields = ((b"Nats-Subject", message.subject),)
        block = headers.status_block(503, b"", fields)
        answer = Message()
        answer.compose(message.reply(), b"", block, b"")
        matches = session.account.interest.match(answer.subject)
        for subscription in matches.plain:
            if subscription.serves(session):
                subscription.notify(answer)
                return

    def flush(self):
        """End the batch: let those who asked for it finish, and every touched connection send."""
        while self.ending:
            self.ending.pop(0).end_of_batch()
        dirty = self.dirty
        index = 0
        while index < len(dirty):
            session = dirty[index]
            session.dirty = False
            if session.link is not None:
                session.link.flush()
            index += 1
        dirty.clear()

    def slow_down(self, session):
        """Pause a publisher whose subscribers are far behind, for as long as nats-server would."""
        self.congested = False
        if session.link is not None and session.open:
            self.stalls += 1
            self.paused.append(session.link)
            session.link.pause(_STALL_NS)

    def speed_up(self):
        """A subscriber has caught up: let the publishers go on."""
        if self.paused:
            paused = self.paused
            self.paused = []
            for link in paused:
                link.resume()

    def random_below(self, bound):
        """Return a pseudo-random number from 0 to ``bound`` - 1 (Lehmer's generator)."""
        self._random = self._random * 48271 % 2147483647
        return self._random % bound
