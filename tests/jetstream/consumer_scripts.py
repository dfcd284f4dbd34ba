"""Scripts of what a client does with a consumer, made up from a seed, and played by a Play.

After each step what has come is written down, inbox by inbox, once nothing more comes.  Left out is
what we know to differ: a purge of one subject leaves nats-server with other floors, and a reset of
a consumer that began with the last message of each subject makes it lose some; what was passed by
in a reset is taken from a work queue there by an old acknowledgement, and from a stream by interest
only if it had been delivered; a pull request for no message at all gets one, and counts it as -1;
requests that wait when a pause is ended wait there for something else to happen; what covers others
and was delivered before a reset moves floors there that lie before what was delivered since; a
stream by interest that loses its consumer counts on there, message by message that is gone.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.fuzz.dice import Dice
from tests.jetstream.duel import MILLISECOND_NS, SECOND_NS, Play, Received

_SUBJECTS = "abc"
_GROUP = "G"
_LONG_NS = 20 * SECOND_NS
_SHORT_NS = 60 * MILLISECOND_NS
_VERBS = (
    "+ACK",
    "+ACK",
    "+ACK",
    "+ACK",
    "",
    "-NAK",
    "-NAK",
    "+TERM",
    "+WPI",
    "+NXT",
    "+TERM why",
    "x",
)
_QUIET_MS = 25
_CONFIRMED_MS = 400  # an acknowledgement is on the disk and confirmed, if it is to be


@dataclass(frozen=True)
class Step:
    """One thing that the client does."""

    verb: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.verb} {json.dumps(self.body)}"


@dataclass(frozen=True)
class Script:
    """A stream, a consumer of it, and what is done with them."""

    stream: dict[str, Any]
    consumer: dict[str, Any]
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        lines = [f"stream {json.dumps(self.stream)}", f"consumer {json.dumps(self.consumer)}"]
        return "\n".join([*lines, *(f"  {step}" for step in self.steps)])


def make(dice: Dice) -> Script:
    """Return a script; it depends on ``dice`` alone."""
    retention = dice.pick(("limits", "limits", "limits", "workqueue", "interest"))
    stream = {"retention": retention, **_limits(dice)}
    consumer = _consumer(dice, retention)
    count = 4 + dice.below(16)
    steps = tuple(_step(dice, stream, consumer) for _ in range(count))
    return Script(stream, consumer, steps)


def _limits(dice: Dice) -> dict[str, Any]:
    if dice.chance(0.7):
        return {}
    return {dice.pick(("max_msgs", "max_msgs_per_subject")): 2 + dice.below(4)}


def _consumer(dice: Dice, retention: str) -> dict[str, Any]:
    config: dict[str, Any] = {"ack_policy": "explicit"}
    if retention == "limits":
        config["ack_policy"] = dice.pick(("explicit", "explicit", "explicit", "all", "none"))
        config["deliver_policy"] = dice.pick(("all", "all", "all", "new", "last_per_subject"))
    if dice.chance(0.4) or config.get("deliver_policy") == "last_per_subject":
        config["filter_subjects"] = dice.pick((["a"], ["a", "b"], ["*"], ["b", "c"]))
    if config["ack_policy"] != "none":
        if dice.chance(0.3):
            config["max_ack_pending"] = 1 + dice.below(4)
        if dice.chance(0.3):
            config["max_deliver"] = 1 + dice.below(3)
        if dice.chance(0.2):
            config["sample_freq"] = "100%"
    if dice.chance(0.15):
        config["headers_only"] = True
    if dice.chance(0.2):
        config["deliver_subject"] = "d"
    elif dice.chance(0.4):
        policy = dice.pick(("overflow", "pinned_client", "prioritized"))
        config |= {"priority_policy": policy, "priority_groups": [_GROUP]}
    elif dice.chance(0.2):
        config |= {"max_waiting": 1 + dice.below(2), "max_batch": 3}
    return config


def _step(dice: Dice, stream: dict[str, Any], consumer: dict[str, Any]) -> Step:
    kind = dice.below(100)
    if kind < 28:
        return Step("put", {"subject": dice.pick(_SUBJECTS), "size": dice.pick((0, 10, 100))})
    if kind < 55:
        return _receive(dice, consumer)
    if kind < 82:
        return Step("ack", {"which": dice.below(20), "verb": dice.pick(_VERBS)})
    if kind < 88:
        return Step(
            "take_away", dice.pick(({"seq": 1 + dice.below(8)}, {"keep": 1}, {"to": 4}, {}))
        )
    if kind < 93 and consumer.get("deliver_policy") in ("all", "new"):
        return Step("reset", {"seq": dice.below(8)})
    if kind < 95:
        return Step("pause", {"ended": dice.chance(0.6)})
    if kind < 97:
        return Step("update", {"max_ack_pending": 1 + dice.below(5), "description": "x"})
    return Step("again")


def _receive(dice: Dice, consumer: dict[str, Any]) -> Step:
    if "deliver_subject" in consumer:
        return Step("listen", {"listens": dice.chance(0.7)})
    asked: dict[str, Any] = {"batch": dice.pick((1, 1, 1, 2, 3, 4))}
    way = dice.below(4)
    if way == 0:
        asked |= {"expires": _LONG_NS}
    elif way == 1:
        asked |= {"expires": _SHORT_NS}
    elif way == 2:
        asked |= {"no_wait": True}
    else:
        asked |= {"expires": _SHORT_NS, "no_wait": True}
    if dice.chance(0.15):
        asked["max_bytes"] = dice.pick((60, 150, 400))
    policy = consumer.get("priority_policy")
    if policy is not None and dice.chance(0.95):
        asked["group"] = _GROUP
    if policy == "overflow" and dice.chance(0.5):
        asked[dice.pick(("min_pending", "min_ack_pending"))] = 1 + dice.below(3)
    if policy == "prioritized":
        asked["priority"] = dice.below(3)
    if policy == "pinned_client":
        if dice.chance(0.1):
            return Step("unpin")
        asked["id"] = dice.pick(("", "", "$pin", "$pin", "other"))
    return Step("pull", asked)


class Player:
    """Plays one script; ``name`` is that of the stream, new for each play."""

    def __init__(self, play: Play, script: Script, name: str) -> None:
        self._play = play
        self._script = script
        self._name = name
        self._messages: list[Received] = []
        self._inboxes: list[str] = []
        self._listening = False
        self._pin = ""

    def run(self) -> None:
        """Do everything, and write down what comes of it."""
        play, name = self._play, self._name
        play.hide(name, "STREAM")
        subjects = [f"{name}.{token}" for token in _SUBJECTS]
        play.ask(
            f"STREAM.CREATE.{name}", {"name": name, "subjects": subjects, **self._script.stream}
        )
        self._create()
        self._inboxes.append(play.listen(f"$JS.EVENT.*.CONSUMER.*.{name}.>"))
        for step in self._script.steps:
            play.note(str(step))
            getattr(self, f"_{step.verb}")(step.body)
            self._settle()

    def _create(self, **changed: Any) -> None:
        config = {**self._script.consumer, **changed}
        if "filter_subjects" in config:
            config["filter_subjects"] = [
                f"{self._name}.{token}" for token in config["filter_subjects"]
            ]
        if "deliver_subject" in config:
            config["deliver_subject"] = self._deliver_subject
        self._play.consumer(self._name, "C", **config)

    @property
    def _deliver_subject(self) -> str:
        return f"deliver.{self._name}"

    def _settle(self) -> None:
        """Write down what has come, and how far the consumer is."""
        play = self._play
        play.settle(_QUIET_MS)
        for inbox in self._inboxes:
            for message in play.hear(inbox, play.waiting(inbox)):
                if message.reply.startswith("$JS.ACK."):
                    self._messages.append(message)
                    self._pin = message.header("Nats-Pin-Id") or self._pin
        play.info(self._name, "C", times=False)
        state = play.ask(f"STREAM.INFO.{self._name}", note=False)["state"]
        # Where an empty stream begins is not what this is about.
        play.note(f"{state['messages']} messages up to {state['last_seq']}")

    def _put(self, body: dict[str, Any]) -> None:
        self._play.put(f"{self._name}.{body['subject']}", bytes(body["size"]))

    def _pull(self, body: dict[str, Any]) -> None:
        asked = {name: value for name, value in body.items() if value != ""}
        if asked.get("id") == "$pin":
            asked["id"] = self._pin or "none"
        self._inboxes.append(self._play.pull(self._name, "C", **asked))
        if body.get("expires") == _SHORT_NS:
            self._play.settle(2 * _SHORT_NS // MILLISECOND_NS)

    def _listen(self, body: dict[str, Any]) -> None:
        if body["listens"] == self._listening:
            return
        self._listening = body["listens"]
        if self._listening:
            self._inboxes.append(self._play.listen(self._deliver_subject))
        else:
            self._play.ignore(self._deliver_subject)
            self._inboxes.remove(self._deliver_subject)

    def _ack(self, body: dict[str, Any]) -> None:
        if self._messages:
            message = self._messages[-1 - body["which"] % len(self._messages)]
            inbox = self._ack_inbox()
            self._play.send(message.reply, body["verb"].encode(), reply=inbox)
            self._play.give_time(inbox, _CONFIRMED_MS)

    def _ack_inbox(self) -> str:
        inbox = "_INBOX.acks"
        if inbox not in self._inboxes:
            self._inboxes.append(self._play.listen(inbox))
        return inbox

    def _take_away(self, body: dict[str, Any]) -> None:
        verb = "MSG.DELETE" if "seq" in body else "PURGE"
        asked = {"seq": body["to"]} if "to" in body else body
        self._play.ask(f"STREAM.{verb}.{self._name}", asked)

    def _reset(self, body: dict[str, Any]) -> None:
        self._play.ask(f"CONSUMER.RESET.{self._name}.C", body)
        if self._script.consumer["ack_policy"] == "all":
            self._messages.clear()

    def _pause(self, body: dict[str, Any]) -> None:
        if body["ended"] and self._play.info(self._name, "C", note=False)["num_waiting"]:
            return
        until = "0001-01-01T00:00:00Z" if body["ended"] else "2100-01-01T00:00:00Z"
        self._play.ask(f"CONSUMER.PAUSE.{self._name}.C", {"pause_until": until})

    def _update(self, body: dict[str, Any]) -> None:
        self._create(**body)

    def _unpin(self, _body: None) -> None:
        self._play.ask(f"CONSUMER.UNPIN.{self._name}.C", {"group": _GROUP})

    def _again(self, _body: None) -> None:
        if self._script.stream["retention"] == "interest":
            return
        self._play.ask(f"CONSUMER.DELETE.{self._name}.C")
        self._create()
