"""What a connection may publish and subscribe to: allow and deny lists of subjects."""

from headwater.subjects.validate import covers, has_empty_token, is_literal, matches, overlaps

_DECISIONS_MAX = 4096


class Rules:
    """One direction: everything in ``allow`` (all, when it is None) that is not in ``deny``."""

    __slots__ = ("_decisions", "allow", "deny")

    def __init__(self, allow=None, deny=()):
        self.allow = None if allow is None else list(allow)
        self.deny = list(deny)
        self._decisions = {}  # literal subject -> bool, bounded

    def permits(self, subject):
        """Tell whether a message on the literal ``subject`` may pass."""
        decision = self._decisions.get(subject)
        if decision is None:
            decision = self._permits_uncached(subject)
            if len(self._decisions) >= _DECISIONS_MAX:
                self._decisions.clear()
            self._decisions[subject] = decision
        return decision

    def permits_interest(self, subject):
        """Tell whether ``subject``, which may have wildcards, may be subscribed to.

        It must lie within the allowed and not within the denied; where it only overlaps a denied
        subject the messages are filtered one by one (``filters``).
        """
        if has_empty_token(subject):
            # It is within nothing; where everything is allowed, that it is wrong comes out later.
            return self.allow is None
        for denied in self.deny:
            if covers(denied, subject):
                return False
        if self.allow is None:
            return True
        for allowed in self.allow:
            if covers(allowed, subject):
                return True
        return False

    def filters(self, subject):
        """Tell whether messages for an interest in ``subject`` need ``permits`` each."""
        if is_literal(subject):
            return False
        for denied in self.deny:
            if overlaps(denied, subject):
                return True
        return False

    def _permits_uncached(self, subject):
        for denied in self.deny:
            if matches(denied, subject):
                return False
        if self.allow is None:
            return True
        if has_empty_token(subject):
            return False
        for allowed in self.allow:
            if matches(allowed, subject):
                return True
        return False


class Permissions:
    """The rules of both directions."""

    __slots__ = ("publish", "subscribe")

    def __init__(self, publish, subscribe):
        self.publish = publish
        self.subscribe = subscribe
