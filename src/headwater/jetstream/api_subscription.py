"""Where requests to the API of an account come in, past those that go to one stream or consumer."""

from headwater.broker.subscription import ServiceSubscription


class ApiSubscription(ServiceSubscription):
    """Leads to the API, be it served or not."""

    __slots__ = ()

    def __init__(self, api):
        super().__init__(b"$JS.API.>", api.request)

    def deliver(self, message, origin):
        return not _is_served_elsewhere(message) and self.callback(message, origin) is not False

    def traced(self, message, origin, trace):
        return not _is_served_elsewhere(message) and super().traced(message, origin, trace)


def _is_served_elsewhere(message):
    """Tell whether streams and consumers listen themselves: where there is none, nobody does."""
    subject = message.subject
    # They are asked for messages as fast as others publish.
    return (
        subject.startswith(b"$JS.API.DIRECT.GET.")
        or subject.startswith(b"$JS.API.CONSUMER.MSG.NEXT.")
        or subject == b"$JS.API.DIRECT.GET"
    )
