"""Messages that an account imports: its subscriptions reach into the exporting account.

For each subscription that overlaps an import there is an ``ImportedSubscription`` among the
exporting account's interest.  What it is delivered carries the importing account's subject.
"""

from headwater.accounts.account import InterestListener
from headwater.broker.subscription import InternalSubscription, Subscription

_EMPTY = memoryview(b"")
_empty = _EMPTY  # the same as a C view (see the .pxd)


class ImportedSubscription(Subscription):
    """Stands in the exporting account for ``target``, a subscription of the importing one."""

    __slots__ = ("_asked", "_mapped", "_rewriting", "_same", "_view", "link", "source", "target")

    def __init__(self, subject, target, source, link):
        super().__init__(subject, target.queue)
        self.target = target
        self.source = source  # the StreamImport
        self._rewriting = source.rewriting
        self.link = link  # an ImportedLink where the target is behind another server
        self.remote = target.remote
        self.weight = target.weight
        self._asked = None  # the subject of the last message, and what it is over here
        self._mapped = b""
        self._same = False  # whether nothing has to be changed
        self._view = _empty

    def deliver(self, message, origin):
        subject = message.subject
        if subject is not self._asked:
            self._mapped = self._rewriting.apply(subject)
            self._view = memoryview(self._mapped)
            self._asked = subject
            self._same = self._mapped == subject and self.link is None
        if self._same:
            return self.target.deliver(message, origin)
        view = message.subject_view
        start = message.subject_start
        end = message.subject_end
        message.subject = self._mapped
        if not message.rewritten:
            message.subject_view = self._view
            message.subject_start = 0
            message.subject_end = len(self._mapped)
        try:
            if self.link is None:
                return self.target.deliver(message, origin)
            return self._relay(message, origin)
        finally:
            message.subject = subject
            message.subject_view = view
            message.subject_start = start
            message.subject_end = end

    def traced(self, message, origin, trace):
        subject = message.subject
        mapped = self.source.rewriting.apply(subject)
        shown = message.shown_subject()
        if not trace.exported(self.source, subject, mapped):
            return not trace.only and self.deliver(message, origin)
        message.rename(mapped)
        trace.imported = self
        taken = self.target.traced(message, origin, trace)
        trace.imported = None
        message.rename(shown)
        message.subject = subject
        return taken

    def _relay(self, message, origin):
        """Have the link take it with the subject of its own account, when it is its turn."""
        target = self.target
        session, target.relay = target.relay, self.link
        try:
            return target.deliver(message, origin)
        finally:
            target.relay = session


class ImportedLink:
    """Takes messages of one import over one link, each once."""

    def __init__(self, session, rewriting):
        self.session = session
        self._rewriting = rewriting

    def relay(self, message, groups):
        """Send a message on, see ``Session.relay``."""
        subject = message.subject
        shown = message.shown_subject()
        mapped = self._rewriting.apply(subject)
        if message.rewritten:
            message.subject = mapped
        else:
            message.rename(mapped)
        self.session.relay(message, groups)
        if not message.rewritten:
            message.rename(shown)
        message.subject = subject


class StreamImport:
    """One import: ``rewriting`` makes subjects of ``exporter`` those of the importing account."""

    def __init__(self, importer, exporter, rewriting, *, allow_trace):
        self.importer = importer
        self.exporter = exporter
        self.rewriting = rewriting
        self.allow_trace = allow_trace
        self._links = {}  # session of another server -> ImportedLink

    def subscribed(self, target):
        """Return the ImportedSubscription for a subscription; None where they do not meet."""
        subject = self.rewriting.source_of(target.subject)
        if subject is None:
            return None
        link = None
        if target.remote:
            session = target.session
            link = self._links.get(session)
            if link is None:
                link = self._links[session] = ImportedLink(session, self.rewriting)
        found = ImportedSubscription(subject, target, self, link)
        self.exporter.subscribe(found)
        return found

    def unsubscribed(self, imported):
        """Take what ``subscribed`` has returned away."""
        self.exporter.unsubscribe(imported)
        if imported.link is not None and not imported.link.session.open:
            self._links.pop(imported.link.session, None)


class StreamImports(InterestListener):
    """All imports of one account, which follow its subscriptions."""

    def __init__(self, account, imports):
        self._account = account
        self._imports = imports
        self._imported = {}  # subscription -> its ImportedSubscriptions

    def start(self):
        """Import for those who are there, and all who come."""
        self._account.listeners.append(self)
        for interest in self._account.interest.interests():
            self.interest_added(interest)

    def stop(self):
        """Import nothing any more."""
        self._account.listeners.remove(self)
        for interest in list(self._imported):
            self.interest_removed(interest)

    def interest_added(self, interest):
        if not isinstance(interest, Subscription) or not _may_import(interest):
            return
        found = [one.subscribed(interest) for one in self._imports]
        imported = [one for one in found if one is not None]
        if imported:
            self._imported[interest] = imported

    def interest_removed(self, interest):
        for imported in self._imported.pop(interest, ()):
            imported.source.unsubscribed(imported)


def _may_import(subscription):
    """Tell whether it is a client's, a stream's or a link's: not what serves the account itself."""
    if isinstance(subscription, ImportedSubscription | InternalSubscription):
        return False
    of_peer = subscription.state()[2]
    return bool(of_peer) or not subscription.subject.startswith(b"$JS.")
