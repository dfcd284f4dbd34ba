"""``/ipqueuesz`` and ``/raftz``: what waits inside the server, and its Raft groups."""

from collections.abc import Iterator

import msgspec

from headwater.monitor.about import About
from headwater.monitor.parameters import Parameters


class IpqueueszOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    all: bool = False  # empty queues as well
    filter: str = ""  # what their names contain

    @classmethod
    def from_url(cls, parameters: Parameters) -> "IpqueueszOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(all=parameters.boolean("all"), filter=parameters.text("queues"))


class RaftzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    account: str = ""
    group: str = ""

    @classmethod
    def from_url(cls, parameters: Parameters) -> "RaftzOptions":
        """Return what the parameters of a URL ask for."""
        return cls(account=parameters.text("acc"), group=parameters.text("group"))


def ipqueuesz(about: About, asked: IpqueueszOptions) -> dict[str, object]:
    """Return queue -> how much waits in it."""
    return {
        name: {"pending": pending}
        for name, pending in sorted(_queues(about))
        if (pending or asked.all) and asked.filter in name
    }


def raftz(_about: About, _asked: RaftzOptions) -> dict[str, object]:
    """Return account -> the Raft groups of its streams and consumers, of which there are none."""
    return {}


def _queues(about: About) -> Iterator[tuple[str, int]]:
    jetstream = about.node.jetstream
    if jetstream is None:
        return
    yield "Store jobs", jetstream.jobs.waits.waiters
    for streams in jetstream.accounts:
        account = f"[ACC:{streams.account_name}]"
        for stream in streams.streams.values():
            yield f"{account} stream '{stream.name}' messages", stream.store.staged_messages
            for consumer in stream.consumers.values():
                if not consumer.config.is_push:
                    where = f"consumer '{consumer.name}' on stream '{stream.name}'"
                    yield f"{account} {where} pull requests", len(consumer.target)
