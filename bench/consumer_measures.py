"""How one sample of each row about consumers is taken: a fresh server, a stream, its clients."""

from dataclasses import dataclass, field

from bench import loadgen
from bench.client import Client
from bench.measures import Effort, Sample
from bench.servers import JETSTREAM, Side, running
from bench.stream_measures import STREAM, STREAM_SUBJECT, Load

_CHECKED_MESSAGES = 1_000
_HEARTBEAT_NS = 5 * 10**9


@dataclass(frozen=True)
class Consume:
    """The rate at which messages of a filled stream are taken.

    With a ``batch`` clients pull so many at a time from one consumer, and have asked for ``ahead``
    batches that have not come; each message is acknowledged.  Without one they are pushed to one
    client with flow control, and nothing is acknowledged.
    """

    messages: int
    batch: int = 0
    ahead: int = 2
    clients: int = 1

    def check(self, side: Side, effort: Effort) -> None:
        """Compare each message that is delivered."""
        self._run(side, effort.count(_CHECKED_MESSAGES), check=1)

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return messages per second."""
        done = self._run(side, effort.count(self.messages))
        return Sample(done["delivered"] / done["seconds"])

    def _run(self, side: Side, count: int, check: int = 0) -> dict[str, float]:
        with running(side, JETSTREAM) as server:
            Load(count).run(server.port, count, block=max(count, 1_000) if check else 4_096)
            with Client(server.port) as client:
                client.create_consumer(STREAM, "C0", **self._config())
            return loadgen.run(
                "consume",
                server.port,
                due=count,
                size=128,
                pubs=0,
                subs=self.clients,
                pull=self.batch,
                ahead=self.ahead,
                ack=int(self.batch > 0),
                block=max(count, 1_000),
                check=check,
            )

    def _config(self) -> dict[str, object]:
        if self.batch:
            return {"ack_policy": "explicit", "max_ack_pending": max(1_000, 3 * self.batch)}
        return {
            "ack_policy": "none",
            "deliver_subject": "bench.deliver",
            "flow_control": True,
            "idle_heartbeat": _HEARTBEAT_NS,
        }


@dataclass(frozen=True)
class PublishAndConsume:
    """The rate of publishing while others take messages from the stream; both have to be through.

    ``publishers`` publish ``messages`` in all.  ``clients`` pull in batches and acknowledge: all of
    them from the one consumer of a work queue, or each, if there are many ``consumers``, from its
    own, which takes one subject of as many as there are.
    """

    messages: int
    publishers: int
    clients: int
    consumers: int = 1
    batch: int = 100
    window: int = field(default=1_000, kw_only=True)

    def check(self, side: Side, effort: Effort) -> None:
        """Compare each message that is delivered."""
        self._run(side, effort.count(_CHECKED_MESSAGES), check=1)

    def sample(self, side: Side, effort: Effort) -> Sample:
        """Return published messages per second."""
        done = self._run(side, effort.count(self.messages))
        return Sample(done["published"] / done["seconds"])

    def _run(self, side: Side, count: int, check: int = 0) -> dict[str, float]:
        share = max(self.consumers, count // self.publishers)
        share -= share % self.consumers
        due = share * self.publishers
        if self.consumers > 1:
            due = due // self.consumers * self.clients
        with running(side, JETSTREAM) as server:
            self._create(server.port)
            return loadgen.run(
                "consume",
                server.port,
                due=due,
                messages=share,
                size=128,
                pubs=self.publishers,
                subs=self.clients,
                subjects=self.consumers,
                pull=self.batch,
                each=int(self.consumers > 1),
                ack=1,
                window=self.window,
                block=max(self.window, share) if check else self.window,
                check=check,
            )

    def _create(self, port: int) -> None:
        acks = {"ack_policy": "explicit", "max_ack_pending": 10_000}
        with Client(port) as client:
            if self.consumers == 1:
                client.create_stream(STREAM, [STREAM_SUBJECT], retention="workqueue")
                client.create_consumer(STREAM, "C0", **acks)
                return
            client.create_stream(STREAM, [f"{STREAM_SUBJECT}.>"])
            for number in range(self.consumers):
                filtered = f"{STREAM_SUBJECT}.{number:08}"
                client.create_consumer(STREAM, f"C{number}", filter_subject=filtered, **acks)
