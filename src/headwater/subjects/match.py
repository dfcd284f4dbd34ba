"""Who is interested in a subject: subscriptions by subject, with wildcards and queue groups.

Subjects without wildcards lie in one dictionary, patterns in a trie of tokens.  What a subject
matches is put together once and cached; the cache is bounded, and subjects that are unique by
nature (inboxes, acknowledgements) pass it by.
"""

from headwater.base.limits import MATCH_CACHE_SUBJECTS_MAX
from headwater.subjects.validate import has_empty_token, is_literal

_ACK_PREFIX = b"$JS.ACK."
_ACK_HEAD_TOKENS = 4  # with the names of stream and consumer
_ACK_HEADS_MAX = 4096
# Answers are sent to these, each of them once.
UNIQUE_PREFIXES = (b"_INBOX.", b"$JS.ACK.", b"_R_.")


class Interest:
    """One entry of a sublist; subscriptions inherit it."""

    __slots__ = ("queue", "subject")

    def __init__(self, subject, queue=b""):
        self.subject = subject
        self.queue = queue  # name of the queue group, empty for a plain subscription


class Matches:
    """The interests that one subject meets: all of ``plain``, and one of each list in ``groups``.

    The lists belong to the sublist: they are read, never changed, and never kept.
    """

    __slots__ = ("groups", "plain")

    def __init__(self):
        self.plain = []
        self.groups = []

    def add(self, interest):
        if interest.queue:
            for group in self.groups:
                first = group[0]
                if first.queue == interest.queue:
                    group.append(interest)
                    return
            self.groups.append([interest])
        else:
            self.plain.append(interest)

    def without(self, interest):
        """Return a copy without ``interest``: the old lists may be being walked right now."""
        copy = Matches()
        copy.plain = [other for other in self.plain if other is not interest]
        for group in self.groups:
            rest = [other for other in group if other is not interest]
            if rest:
                copy.groups.append(rest)
        return copy

    def merge(self, other):
        """Add all that ``other`` has."""
        self.plain.extend(other.plain)
        for group in other.groups:
            for interest in group:
                self.add(interest)

    def is_empty(self):
        return not self.plain and not self.groups


class _Node:
    """One token of the trie of patterns."""

    __slots__ = ("children", "exact", "rest")

    def __init__(self):
        self.children = {}  # token (also b"*") -> _Node
        self.exact = None  # Matches of the patterns that end here
        self.rest = None  # Matches of the patterns that go on with ">" as their last token


class Sublist:
    """All interests of one account."""

    def __init__(self, cache_subjects_max=MATCH_CACHE_SUBJECTS_MAX):
        self.count = 0
        self.inserts = 0
        self.removes = 0
        self.lookups = 0  # subjects looked up, other than the very one before
        self.misses = 0  # how many of them were not found without walking the trie
        self._literals = {}
        self._root = _Node()
        self._patterns = 0
        self._nothing = Matches()
        self._cache = {}
        self._older = {}
        self._ack_heads = {}  # what acknowledgements meet, by what they have in common
        self._cache_subjects_max = cache_subjects_max
        self._last_subject = None  # what was asked last, and its answer
        self._last_found = self._nothing

    def insert(self, interest):
        """Add an interest; the same object may be in only once."""
        subject = interest.subject
        self.count += 1
        self.inserts += 1
        self._forget_last()
        if is_literal(subject):
            found = self._literals.get(subject)
            if found is None:
                found = self._literals[subject] = Matches()
            found.add(interest)
            self._forget(subject)
            return
        self._patterns += 1
        self._place(subject, True).add(interest)
        self._forget_all()

    def remove(self, interest):
        """Take an interest out; return whether it was in."""
        subject = interest.subject
        self._forget_last()
        if is_literal(subject):
            found = self._literals.get(subject)
            if found is None or not _holds(found, interest):
                return False
            found = found.without(interest)
            if found.is_empty():
                del self._literals[subject]
            else:
                self._literals[subject] = found
            self._forget(subject)
        else:
            found = self._place(subject, False)
            if found is None or not _holds(found, interest):
                return False
            self._prune(self._root, subject.split(b"."), 0, found.without(interest))
            self._patterns -= 1
            self._forget_all()
        self.count -= 1
        self.removes += 1
        return True

    def match(self, subject):
        """Return the Matches of a literal subject.

        Asking again with the very same object, as a publisher on one subject does, costs nothing.
        """
        if subject is self._last_subject:
            return self._last_found
        self.lookups += 1
        found = self._cache.get(subject)
        if found is None:
            found = self._match_uncached(subject)
        self._last_subject = subject
        self._last_found = found
        return found

    def has_interest(self, subject):
        """Tell whether anybody is interested in a literal subject."""
        return not self.match(subject).is_empty()

    def interests(self):
        """Return all interests, in no particular order."""
        found = []
        entries = list(self._literals.values())
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.children.values())
            if node.exact is not None:
                entries.append(node.exact)
            if node.rest is not None:
                entries.append(node.rest)
        for entry in entries:
            found.extend(entry.plain)
            for group in entry.groups:
                found.extend(group)
        return found

    def fanouts(self):
        """Return of the cached subjects: how many, the most interests of one, those of all."""
        most = total = 0
        for cache in (self._cache, self._older):
            for found in cache.values():
                size = len(found.plain) + len(found.groups)
                total += size
                most = max(most, size)
        return len(self._cache) + len(self._older), most, total

    def _match_uncached(self, subject):
        found = self._literals.get(subject)
        if self._patterns == 0:
            return self._nothing if found is None else found
        unique = subject.startswith(UNIQUE_PREFIXES)
        head = b""
        if unique:
            head = _ack_head(subject) if found is None else b""
            if head:
                known = self._ack_heads.get(head)
                if known is not None:
                    return known
        else:
            older = self._older.get(subject)
            if older is not None:
                self._remember(subject, older)
                return older
        self.misses += 1
        collected: list[Matches] = []
        tokens = subject.split(b".")
        if b"" not in tokens:  # a subject with an empty token meets no pattern
            _collect(self._root, tokens, 0, collected)
        found = self._put_together(found, collected)
        if not unique:
            self._remember(subject, found)
        elif head and not self._depends_on_end(tokens):
            if len(self._ack_heads) >= _ACK_HEADS_MAX:
                self._ack_heads = {}
            self._ack_heads[head] = found
        return found

    def _put_together(self, found, collected):
        """Return the Matches of a literal, which may be None, together with those of patterns."""
        if not collected:
            return self._nothing if found is None else found
        if found is None and len(collected) == 1:
            return collected[0]
        merged = Matches()
        if found is not None:
            merged.merge(found)
        for entry in collected:
            merged.merge(entry)
        return merged

    def _depends_on_end(self, tokens):
        """Tell whether any pattern looks at what is behind the head of an acknowledgement."""
        nodes = [self._root]
        for token in tokens[:_ACK_HEAD_TOKENS]:
            deeper = []
            for node in nodes:
                for name in {token, b"*"}:
                    child = node.children.get(name)
                    if child is not None:
                        deeper.append(child)
            nodes = deeper
        for node in nodes:
            if node.children or node.exact is not None:
                return True
        return False

    def _remember(self, subject, found):
        if self._cache_subjects_max == 0:
            return
        # Two generations: what is asked for again survives, the rest goes at once with its
        # generation, so that ever new subjects cost no search for a victim.
        if len(self._cache) >= self._cache_subjects_max:
            self._older = self._cache
            self._cache = {}
        self._cache[subject] = found

    def _forget_last(self):
        # The answer goes as well: it may be all that holds on to a client that is gone.
        self._last_subject = None
        self._last_found = self._nothing

    def _forget(self, subject):
        self._cache.pop(subject, None)
        self._older.pop(subject, None)

    def _forget_all(self):
        if self._cache:
            self._cache = {}
        if self._older:
            self._older = {}
        if self._ack_heads:
            self._ack_heads = {}

    def _place(self, subject, create):
        """Return the Matches that ``subject``, a pattern, belongs to; None when there is none."""
        node = self._root
        for token in subject.split(b"."):
            if token == b">":
                if node.rest is None and create:
                    node.rest = Matches()
                return node.rest
            child = node.children.get(token)
            if child is None:
                if not create:
                    return None
                child = node.children[token] = _Node()
            node = child
        if node.exact is None and create:
            node.exact = Matches()
        return node.exact

    def _prune(self, node, tokens, index, entry):
        """Put ``entry`` in place of what the pattern has, and drop what is empty then."""
        value = None if entry.is_empty() else entry
        if index == len(tokens):
            node.exact = value
        elif tokens[index] == b">":
            node.rest = value
        else:
            child = node.children[tokens[index]]
            self._prune(child, tokens, index + 1, entry)
            if child.exact is None and child.rest is None and not child.children:
                del node.children[tokens[index]]


def _ack_head(subject):
    """Return what all acknowledgements to one consumer begin with, nothing for other subjects."""
    if not subject.startswith(_ACK_PREFIX) or has_empty_token(subject):
        return b""
    at = subject.find(b".", len(_ACK_PREFIX))
    at = subject.find(b".", at + 1) if at > 0 else -1
    return subject[: at + 1] if at > 0 else b""


def _holds(entry, interest):
    if not interest.queue:
        return _is_among(interest, entry.plain)
    for group in entry.groups:
        if _is_among(interest, group):
            return True
    return False


def _is_among(interest, interests):
    for other in interests:
        if other is interest:
            return True
    return False


def _collect(node, tokens, index, found):
    """Append to ``found`` the Matches of every pattern under ``node`` that fits the tokens."""
    if index == len(tokens):
        if node.exact is not None:
            found.append(node.exact)
        return
    if node.rest is not None:
        found.append(node.rest)
    children = node.children
    if children:
        token = tokens[index]
        child = children.get(token)
        if child is not None:
            _collect(child, tokens, index + 1, found)
        if token == b"*":  # published to by who is not pedantic; it is the same child
            return
        child = children.get(b"*")
        if child is not None:
            _collect(child, tokens, index + 1, found)
