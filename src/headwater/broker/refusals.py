"""What a client is told that it may not do; the words are nats-server's, which clients match."""

from headwater.base.quoting import quoted


def of_publish(subject):
    """Return the text for a subject that may not be published to."""
    return f"Permissions Violation for Publish to {quoted(subject)}"


def of_reply(subject):
    """Return the text for a reply that may not be asked for."""
    return f"Permissions Violation for Publish with Reply of {quoted(subject)}"


def of_subscription(subject, queue=b""):
    """Return the text for a subscription, in a queue group if there is one."""
    text = f"Permissions Violation for Subscription to {quoted(subject)}"
    return f"{text} using queue {quoted(queue)}" if queue else text


def of_tokens(subject):
    """Return the text for a subscription of more tokens than may be."""
    return of_subscription(subject) + ", too many tokens"


def of_kept(subject, sid):
    """Return the text for a subscription that the client has and may not have any longer."""
    return f"{of_subscription(subject)} (sid {quoted(sid)})"
