"""The mappings of an account: where a message that is published goes instead.

Of several mappings whose sources match a subject the first one counts, in the order in which they
are given.  What a mapping makes of a subject is not mapped again.
"""

from headwater.base.limits import MATCH_CACHE_SUBJECTS_MAX
from headwater.subjects.match import UNIQUE_PREFIXES, Interest, Sublist
from headwater.subjects.transform import TransformError, compile_transform
from headwater.subjects.validate import has_empty_token

_PERCENT = 100


def compile_mapping(source, destinations, cluster=b""):
    """Return the mapping of ``source`` for a server in ``cluster`` (empty when it is in none).

    ``destinations`` are (subject, weight in percent, cluster).  Those of the server's cluster count
    if there are any, else those without a cluster.

    Raises:
        TransformError: a destination cannot be used; the text is nats-server's.
    """
    own = []
    others = []
    subjects = set()
    totals: dict[bytes, int] = {}
    for subject, weight, where in destinations:
        if subject in subjects:
            name = subject.decode("utf-8", "backslashreplace")
            raise TransformError(f'duplicate entry for "{name}"')
        subjects.add(subject)
        totals[where] = totals.get(where, 0) + weight
        if totals[where] > _PERCENT:
            raise TransformError("total weight needs to be <= 100")
        share = (weight, compile_transform(source, subject))
        if not where:
            others.append(share)
        elif where == cluster:
            own.append(share)
    return SubjectMapping(source, own or others, source in subjects)


class SubjectMapping(Interest):
    """One source with its destinations, of which each takes a share of the messages.

    ``shares`` are (weight in percent, Transform).  What they leave keeps its subject, or goes
    nowhere when the source is ``listed``, that is, one of the destinations.
    """

    __slots__ = ("_limits", "_listed", "_transforms", "order", "varies")

    def __init__(self, source, shares, listed):
        super().__init__(source)
        self.order = 0  # among the mappings of its account
        self.varies = False  # whether two messages on one subject may go to different ones
        self._listed = listed
        self._limits = []  # of each transform: below which number out of 100 it is chosen
        self._transforms = []
        total = 0
        for weight, transform in shares:
            if weight:
                total += weight
                self._limits.append(total)
                self._transforms.append(transform)
                if transform.varies:
                    self.varies = True
        if len(self._limits) > 1 or 0 < total < _PERCENT:
            self.varies = True

    def pick(self, subject, random_below):
        """Return where one message on ``subject`` goes, empty for nowhere."""
        number = random_below(_PERCENT)
        for index in range(len(self._limits)):
            limit = self._limits[index]
            if number < limit:
                transform = self._transforms[index]
                return transform.apply(subject, random_below)
        return b"" if self._listed else subject


class _Outcome:
    """What becomes of one subject."""

    __slots__ = ("mapping", "subject")

    def __init__(self, subject, mapping):
        self.subject = subject  # what it always becomes, None when it stays as it is
        self.mapping = mapping  # what decides for each message, None when that is not needed


class SubjectMappings:
    """All mappings of one account.

    ``random_below(bound)`` returns a random number from 0 to ``bound`` - 1.  Of two mappings of the
    same source the last one counts.
    """

    def __init__(self, mappings, random_below, cache_subjects_max=MATCH_CACHE_SUBJECTS_MAX):
        self._random_below = random_below
        self._sources = Sublist(1)  # answers are kept here, not there
        self._cache = {}
        self._older = {}
        self._cache_subjects_max = cache_subjects_max
        self._unmapped = _Outcome(None, None)
        by_source = {mapping.subject: mapping for mapping in mappings}
        for order, mapping in enumerate(by_source.values()):
            mapping.order = order
            self._sources.insert(mapping)

    def interests(self):
        """Return the mappings as interests in their sources, in no particular order."""
        return self._sources.interests()

    def map(self, subject):
        """Return where a message published on ``subject`` goes, empty for nowhere.

        What is not mapped is returned as the very same object.
        """
        outcome = self._cache.get(subject)
        if outcome is None:
            outcome = self._outcome(subject)
        if outcome.mapping is not None:
            return outcome.mapping.pick(subject, self._random_below)
        return subject if outcome.subject is None else outcome.subject

    def _outcome(self, subject):
        outcome = self._older.get(subject)
        if outcome is None:
            outcome = self._unmapped
            mapping = self._first(subject)
            if mapping is not None and mapping.varies:
                outcome = _Outcome(None, mapping)
            elif mapping is not None:
                mapped = mapping.pick(subject, _lowest)
                if mapped != subject:
                    outcome = _Outcome(mapped, None)
        if not subject.startswith(UNIQUE_PREFIXES):
            # Two generations, as the cache of a sublist has.
            if len(self._cache) >= self._cache_subjects_max:
                self._older = self._cache
                self._cache = {}
            self._cache[subject] = outcome
        return outcome

    def _first(self, subject):
        """Return the mapping that applies to ``subject``, None when there is none."""
        first = None
        found = self._sources.match(subject).plain
        if has_empty_token(subject):
            found = self._sources.interests()  # the sublist has nothing for an empty token
        for candidate in found:
            mapping = candidate
            if (first is None or mapping.order < first.order) and _takes(mapping.subject, subject):
                first = mapping
        return first


def _takes(source, subject):
    """Tell whether a mapping of ``source`` applies to ``subject``, which may not be a valid one.

    ``*`` stands neither for an empty token nor for a ``>`` that was published on, ``>`` for all.
    """
    wide = source.split(b".")
    narrow = subject.split(b".")
    for index, token in enumerate(wide):
        if token == b">":
            return len(narrow) > index
        if index >= len(narrow):
            return False
        other = narrow[index]
        if token != other and (token != b"*" or not other or other == b">"):
            return False
    return len(wide) == len(narrow)


def _lowest(bound):
    return 0
