"""What a connection may publish and subscribe to: allow and deny lists of subjects."""

from headwater.subjects.validate import covers, has_empty_token, is_literal, matches, overlaps

_DECISIONS_MAX = 4096


class Rules:
    """One direction: everything in ``allow`` (all, when it is None) that is not in ``deny``.

    An entry of two words, ``subject queue``, is about subscriptions in groups of that name only.
    """

    __slots__ = ("_allowed_groups", "_decisions", "_denied_groups", "allow", "deny")

    def __init__(self, allow=None, deny=()):
        self.allow = None if allow is None else [entry for entry in allow if b" " not in entry]
        self.deny = [entry for entry in deny if b" " not in entry]
        self._allowed_groups = [entry.split(b" ") for entry in allow or () if b" " in entry]
        self._denied_groups = [entry.split(b" ") for entry in deny if b" " in entry]
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

    def permits_interest(self, subject, queue=b""):
        """Tell whether ``subject``, which may have wildcards, may be subscribed to in ``queue``.

        It must lie within the allowed and not within the denied; where it only overlaps a denied
        subject the messages are filtered one by one (``filters``).
        """
        if has_empty_token(subject):
            # It is within nothing; where everything is allowed, that it is wrong comes out later.
            return self.allow is None
        for denied in self.deny:
            if covers(denied, subject):
                return False
        if queue and self._verdict(self._denied_groups, subject, queue) == 1:
            return False
        if self.allow is None:
            return True
        verdict = self._verdict(self._allowed_groups, subject, queue) if queue else -1
        if verdict >= 0:
            return verdict == 1
        for allowed in self.allow:
            if covers(allowed, subject):
                return True
        return False

    def _verdict(self, groups, subject, queue):
        """Return 1 if an entry for ``subject`` is for ``queue``, 0 if only for others, else -1."""
        verdict = -1
        for pattern, name in groups:
            if covers(pattern, subject):
                if matches(name, queue):
                    return 1
                verdict = 0
        return verdict

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
        for pattern, _ in self._allowed_groups:
            if matches(pattern, subject):
                return True
        return False


class Permissions:
    """The rules of both directions."""

    __slots__ = ("publish", "subscribe")

    def __init__(self, publish, subscribe):
        self.publish = publish
        self.subscribe = subscribe
