"""Interest on both sides of a leaf link: the peer's as subscriptions here, ours as LS+ there."""

from headwater.accounts.account import InterestListener
from headwater.broker.service_imports import Answers
from headwater.broker.session import FORWARDS, KINDS, LEAF_TO_HUB
from headwater.broker.subscription import Subscription
from headwater.broker.trace import NOT_TO_PEER
from headwater.subjects.validate import covers, overlaps
from headwater.wire import leaf_ops

LOOP_PREFIX = b"$LDS."
# Interest that is announced whatever the permissions are: loop detection, replies over gateways.
_ALWAYS_ANNOUNCED = (LOOP_PREFIX, b"$GR.", b"_GR_.")
# Messages that permissions do not stop: answers to what was let through before.
_ALWAYS_SENT = (b"$JS.ACK.", b"_R_.")


class LeafSubscription(Subscription):
    """What the server at the other end of a link is interested in."""

    __slots__ = ("active", "delivered", "relay", "rules", "session")

    def __init__(self, session, subject, queue, weight):
        super().__init__(subject, queue)
        self.session = session
        self.relay = session  # what takes the message there; another one for what is imported
        self.remote = True
        self.weight = weight
        self.active = False  # whether it is among the account's interest
        self.delivered = 0
        self.rules = None  # what each message is checked against, None when all may pass

    def apply(self, rules):
        """Be part of the account's interest as far as ``rules`` let messages pass."""
        answers = self.subject.startswith(_ALWAYS_SENT)
        self.rules = None if answers or _lets_all_pass(rules, self.subject) else rules
        if not answers and _lets_none_pass(rules, self.subject):
            self.withdraw()
        elif not self.active:
            self.active = True
            self.session.account.subscribe(self)

    def withdraw(self):
        """Take no messages any more."""
        if self.active:
            self.active = False
            self.session.account.unsubscribe(self)

    def state(self):
        # What LS+ names it by is all the name that it has.
        sid = self.subject + b" " + self.queue if self.queue else self.subject
        return self.subject, self.queue, sid, self.delivered, 0

    def deliver(self, message, origin):
        if not self._is_reached_from(origin):
            return False
        if self.rules is not None and not may_pass(self.rules, message.subject):
            return False
        self.delivered += 1
        self.session.router.relay_to(self.relay, self.queue)
        return True

    def traced(self, message, origin, trace):
        if not self._is_reached_from(origin):
            return False
        if self.rules is not None and not may_pass(self.rules, message.subject):
            trace.relay_to(self.session, self.queue, NOT_TO_PEER)
            return False
        if not trace.only:
            self.delivered += 1
        trace.relay_to(self.session, self.queue)
        return True

    def _is_reached_from(self, origin):
        """Tell whether messages that come in by ``origin`` may go over this link."""
        session = self.session
        if not self.active or not session.open:
            return False
        if origin is session:
            # A queue group that nobody is left in here, or that a mapping led to, is the hub's.
            return bool(self.queue) and session.kind == LEAF_TO_HUB
        if origin is None:
            return True
        source = origin
        return FORWARDS[source.kind * KINDS + session.kind]


def may_pass(rules, subject):
    """Tell whether a message on ``subject`` may cross the link."""
    if subject:
        first = subject[0]
        # Answers are unique subjects; they must not push the others out of the rules' cache.
        if (first == 36 or first == 95) and subject.startswith(_ALWAYS_SENT):
            return True
    return rules.permits(subject)


def _lets_all_pass(rules, subject):
    for denied in rules.deny:
        if overlaps(denied, subject):
            return False
    return rules.permits_interest(subject)


def _lets_none_pass(rules, subject):
    if subject.startswith(_ALWAYS_ANNOUNCED):
        return False
    for denied in rules.deny:
        if covers(denied, subject):
            return True
    if rules.allow is None:
        return False
    for allowed in rules.allow:
        if overlaps(allowed, subject):
            return False
    return True


class LeafInterest(InterestListener):
    """Keeps the peer of one link informed of what this side wants.

    The peer hears of the first and the last subscription to a subject, and of every change in the
    size of a queue group.
    """

    __slots__ = ("_announced", "_counts", "_rules", "_session")

    def __init__(self, session, rules):
        self._session = session
        self._rules = rules  # which interest the peer accepts
        self._counts = {}  # (subject, queue) -> subscriptions, or members of the group
        self._announced = set()  # those of them that the peer was told

    def announce_all(self, interests):
        """Tell the peer everything at once, at the start of a link."""
        for interest in interests:
            if self._concerns(interest):
                key = (interest.subject, interest.queue)
                self._counts[key] = self._counts.get(key, 0) + _weight(interest)
        for key, count in self._counts.items():
            self._announce(key, count)

    def apply(self, rules):
        """Have the peer accept other interest from now on."""
        self._rules = rules
        for key, count in self._counts.items():
            if not self._permitted(key[0]):
                self._withdraw(key)
            elif key not in self._announced:
                self._announce(key, count)

    def interest_added(self, interest):
        if not self._concerns(interest):
            return
        key = (interest.subject, interest.queue)
        count = self._counts.get(key, 0)
        added = _weight(interest)
        self._counts[key] = count + added
        if count == 0 or interest.queue:
            self._announce(key, count + added)

    def interest_removed(self, interest):
        if not self._concerns(interest):
            return
        key = (interest.subject, interest.queue)
        count = self._counts.get(key, 0) - _weight(interest)
        if count > 0:
            self._counts[key] = count
            if interest.queue:
                self._announce(key, count)
        else:
            self._counts.pop(key, None)
            self._withdraw(key)

    def _announce(self, key, count):
        subject, queue = key
        if self._session.open and self._permitted(subject):
            self._announced.add(key)
            self._session.send(leaf_ops.subscribe_line(subject, queue, count))

    def _withdraw(self, key):
        if key in self._announced:
            self._announced.discard(key)
            if self._session.open:
                self._session.send(leaf_ops.unsubscribe_line(key[0], key[1]))

    def _permitted(self, subject):
        # A pattern that is permitted in part is announced; the peer picks what it sends for it.
        return not _lets_none_pass(self._rules, subject)

    def _concerns(self, interest):
        """Tell whether the peer is to hear of ``interest``."""
        if not isinstance(interest, LeafSubscription):
            return not isinstance(interest, Answers)  # they are announced all together
        subscription = interest
        owner = subscription.session
        if owner is self._session:
            return False
        if FORWARDS[self._session.kind * KINDS + owner.kind]:
            return True
        # A loop may lead over any two links, so the marks that reveal it take every way.
        return interest.subject.startswith(LOOP_PREFIX)


def _weight(interest):
    if not interest.queue or not isinstance(interest, LeafSubscription):
        return 1
    subscription = interest
    return subscription.weight
