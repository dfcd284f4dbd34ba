"""What a message is delivered to: one class for each kind of receiver, one virtual call each."""

from headwater.subjects.match import Interest


class Subscription(Interest):
    """Base of all kinds.

    ``deliver`` gets the message and the session that it came from (None when the server made it)
    and returns whether it took it; a queue group tries its next member when it did not.
    """

    __slots__ = ("remote", "weight")

    def __init__(self, subject, queue=b""):
        super().__init__(subject, queue)
        self.remote = False  # behind another server: a queue group prefers local members
        self.weight = 1  # how many members of a queue group stand behind a remote one

    def deliver(self, message, origin):
        raise NotImplementedError

    def traced(self, message, origin, trace):
        """Do as ``deliver`` does, and have ``trace`` (a MessageTrace) note what happens.

        When the trace is all that is wanted (``trace.only``) nothing is delivered.
        """
        raise NotImplementedError

    def notify(self, message):
        """Pass on word from the server itself, which is not one of the messages subscribed to."""
        raise NotImplementedError

    def serves(self, session):
        """Tell whether ``session`` is the client that subscribed."""
        return False

    def state(self):
        """Return subject, queue group, sid, messages delivered, and how many it takes in all."""
        return self.subject, self.queue, b"", 0, 0


class InternalSubscription(Subscription):
    """Calls ``callback(message, origin)``, in the course of routing, for each message.

    The callback reads what it needs of the message before it returns, must not keep it, and
    returns whether it counts as a responder.
    """

    __slots__ = ("callback",)

    def __init__(self, subject, callback, queue=b""):
        super().__init__(subject, queue)
        self.callback = callback

    def deliver(self, message, origin):
        return self.callback(message, origin) is not False

    def traced(self, message, origin, trace):
        # What the account itself is served by is part of the server: no receiver, and never spared.
        return self.deliver(message, origin)


class ServiceSubscription(InternalSubscription):
    """Leads to a service of the system account, where the subject is ``target``."""

    __slots__ = ("target",)

    def __init__(self, subject, callback, target=b""):
        super().__init__(subject, callback)
        self.target = target  # empty where it is the same

    def traced(self, message, origin, trace):
        trace.served(message.subject, self.target or message.subject)
        return not trace.only and self.deliver(message, origin)
