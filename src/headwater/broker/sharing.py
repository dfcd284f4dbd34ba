"""What each account shares with others, live: built from what is exported and imported."""

from headwater.accounts.account import InterestListener
from headwater.base import ids
from headwater.broker.service_imports import ServiceImport
from headwater.broker.stream_imports import StreamImport, StreamImports
from headwater.subjects.match import Interest
from headwater.subjects.validate import covers, is_literal, matches

_PREFIX_CHARACTERS = 6


class AccountSharing(InterestListener):
    """One account's part in it."""

    __slots__ = ("_account", "_interest", "replies", "reply_prefix", "services", "streams")

    def __init__(self, node, account):
        self._account = account
        self.replies = {}  # where its clients wait -> the Answers that go there
        self.reply_prefix = b"_R_.%b." % ids.random_id(node.rng, _PREFIX_CHARACTERS)
        self.services = []  # the ServiceImports
        self.streams = None  # the StreamImports
        self._interest = Interest(self.reply_prefix + b">")
        account.listeners.append(self)
        for listener in account.listeners:
            listener.interest_added(self._interest)

    def interests(self):
        """Return what links have to know besides the account's interest: answers come here."""
        return [self._interest]

    def serves(self, subject):
        """Tell whether all of ``subject`` leads to a service of another account."""
        return any(covers(service.subject, subject) for service in self.services)

    def interest_added(self, interest):
        """Nobody waits for answers because of that."""

    def interest_removed(self, interest):
        if not self.replies:
            return
        subject = interest.subject
        if is_literal(subject):
            self.ceased(subject)
        else:
            for reply in [reply for reply in self.replies if matches(subject, reply)]:
                self.ceased(reply)

    def ceased(self, reply):
        """Take no answers for ``reply`` any more, unless somebody else listens there."""
        found = self.replies.get(reply)
        if found and not self._account.interest.has_interest(reply):
            for answers in list(found):
                answers.asker_gone()

    def import_from_others(self, services, streams):
        """Have these imports, and no others."""
        for service in self.services:
            self._account.unsubscribe(service)
            service.pending.close()
        if self.streams is not None:
            self.streams.stop()
            self.streams = None
        self.services = services
        for service in services:
            self._account.subscribe(service)
        if streams:
            self.streams = StreamImports(self._account, streams)
            self.streams.start()

    def close(self):
        """Share nothing any more."""
        self.import_from_others([], [])
        account = self._account
        account.listeners.remove(self)
        for listener in account.listeners:
            listener.interest_removed(self._interest)
        account.sharing = None


class Share:
    """One import that is allowed: ``export`` is what allows it."""

    __slots__ = ("account", "export", "exporter", "item", "rewriting")

    def __init__(self, account, exporter, item, export, rewriting):
        self.account = account
        self.exporter = exporter
        self.item = item  # the Import
        self.export = export  # the Export
        self.rewriting = rewriting  # from the exporter's subjects to the account's


def share(node, shares):
    """Have the accounts of ``node`` share what ``shares`` say, and nothing else.

    Where that is what they share already, answers that are under way still arrive.
    """
    wanted = [(each.account, each.exporter, each.item, each.export) for each in shares]
    if wanted == node.shared:
        return
    node.shared = wanted
    partners = {account for each in shares for account in (each.account, each.exporter)}
    for account in node.accounts:
        if account not in partners and account.sharing is not None:
            account.sharing.close()
    for account in partners:
        if account.sharing is None:
            account.sharing = AccountSharing(node, account)
    for account in partners:
        own = [each for each in shares if each.account is account]
        services = [_service(node, each) for each in own if each.item.service]
        streams = [_stream(each) for each in own if not each.item.service]
        account.sharing.import_from_others(services, streams)


def _service(node, each):
    return ServiceImport(
        node,
        each.account,
        each.exporter,
        each.rewriting.reversed(),
        each.export,
        share=each.item.share,
    )


def _stream(each):
    return StreamImport(
        each.account, each.exporter, each.rewriting, allow_trace=each.item.allow_trace
    )
