"""The way of ordinary acknowledgements to a consumer, which come as often as messages go."""

from headwater.broker.subscription import Subscription

_DIGITS_MAX = 18
_ACK = b"+ACK"

_digits_max = _DIGITS_MAX


class AckSubscription(Subscription):
    """Takes what comes to the ack subjects of one consumer.

    Plain acknowledgements of single messages that nobody waits for are taken here, if ``plain``
    says that there is nothing else to it, or no more than that the messages are deleted; ``host``
    takes all others.
    """

    __slots__ = ("deletions", "delivery", "host", "plain", "prefix")

    def __init__(self, subject, host, delivery):
        super().__init__(subject)
        self.host = host
        self.delivery = delivery
        self.prefix = subject[: len(subject) - 1]  # what stands before the numbers
        self.plain = False
        self.deletions = None  # the Deletions that get what is acknowledged

    def deliver(self, message, origin):
        if self.plain and message.reply_end == message.reply_start and not message.header_size:
            payload = message.payload()
            if not payload or payload == _ACK:
                sequence = self._sequence(message.subject)
                if sequence > 0:
                    self._acknowledge(sequence)
                    return True
        return self.host.acknowledged(message, origin) is not False

    def traced(self, message, origin, trace):
        return self.deliver(message, origin)

    def _acknowledge(self, sequence):
        delivery = self.delivery
        state = delivery.state
        if sequence > state.delivered_stream:
            return  # this was never delivered
        was_full = delivery.is_full()
        if state.acknowledge(sequence, delivery.router.now_ns):
            if not state.noted:
                self.host.has_changed()
            if self.deletions is not None:
                self.deletions.add(sequence)
            if was_full:
                delivery.wake()

    def _sequence(self, subject):
        """Return the sequence that the subject of an acknowledgement names, 0 if it is wrong."""
        at = len(self.prefix)
        size = len(subject)
        if not subject.startswith(self.prefix):
            return 0
        while at < size and subject[at] != 46:
            at += 1
        at += 1
        sequence = 0
        digits = 0
        while at < size and subject[at] != 46:
            digit = subject[at] - 48
            if digit < 0 or digit > 9 or digits == _digits_max:
                return 0
            sequence = 10 * sequence + digit
            digits += 1
            at += 1
        # Two more numbers have to follow, and the time between them.
        return sequence if subject.count(b".", at) >= 3 else 0
