"""Holding clients that are in to rules that have changed since they came."""

from collections import Counter

from headwater.base.quoting import quoted
from headwater.broker import refusals
from headwater.wire import nats_ops


def readmit(node):
    """Let only those stay who would get in again as the same users of the same accounts."""
    for session in list(node.sessions.values()):
        _readmit(node.authenticator, session)
    node.router.flush()


def close_excess(node):
    """Close those who came last, if there are more than may be; return how many."""
    if node.connections_max <= 0:
        return 0
    excess = list(node.sessions.values())[node.connections_max :]
    for session in excess:
        node.refuse_excess(session)
    node.router.flush()
    return len(excess)


def close_excess_of_accounts(node):
    """Close those who came last to accounts that may not have so many any more."""
    kept = Counter()
    for session in list(node.sessions.values()):
        account = session.account
        kept[account] += 1
        if account.is_full() and kept[account] > account.limits.connections_max:
            session.refuse_excess()
    node.router.flush()


def apply_limits(node):
    """Hold every client to the sizes that the node takes now."""
    for session in node.sessions.values():
        session.apply_limits()
        session.tracer = node.tracer


def _readmit(authenticator, session):
    user = None
    if session.admitted:
        user = authenticator.check(session.connect or nats_ops.Connect(), session.claimant())
    if user is None:
        name = session.user_name
        if name and not authenticator.knows(name):
            # Nothing that it could do better: it finds out when it comes back.
            session.fail("Client Closed")
        else:
            session.refuse()
    elif user.name != session.user_name or user.account != session.account.name:
        session.fail("Client Closed")
    else:
        session.permissions = user.permissions
        session.replies = user.replies()
        session.user_limits = user.limits
        session.apply_limits()
        session.expire_at(user.expires_s)
        for subscription in list(session.subscriptions.values()):
            _recheck(session, subscription)


def _recheck(session, subscription):
    """Keep a subscription if the client may still have it."""
    permissions = session.permissions
    subject = subscription.subject
    if permissions is None:
        subscription.filtered = False
    elif permissions.subscribe.permits_interest(subject, subscription.queue):
        subscription.filtered = session.filters(subject)
    else:
        session.send(nats_ops.error_line(refusals.of_kept(subject, subscription.sid)))
        session.node.log.info(
            f"Removed sub {quoted(subject)} (sid {quoted(subscription.sid)}) "
            f"for User {quoted(session.user_name.encode())} - not authorized"
        )
        session.remove(subscription)
