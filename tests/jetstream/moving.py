"""Moving streams by snapshot: what a client does, and what is compared afterwards."""

import base64
import json
from typing import Any

from tests.jetstream.duel import Play

SECOND_NS = 1_000_000_000


def snapshot(run: Play, name: str, **options: Any) -> tuple[dict[str, Any], bytes]:
    """Return the answer to a request for a snapshot, and the snapshot."""
    inbox = run.listen(f"_INBOX.snapshot.{name}")
    answer = run.ask(f"STREAM.SNAPSHOT.{name}", {"deliver_subject": inbox, **options}, note=False)
    data = b""
    while True:
        (chunk,) = run.hear(inbox, note=False)
        if not chunk.payload:
            break
        data += chunk.payload
        if chunk.reply:
            run.send(chunk.reply)
    assert chunk.code in (0, 204), chunk.status
    run.ignore(inbox)
    return answer, data


def restore(run: Play, name: str, told: dict[str, Any], data: bytes, size: int = 65536) -> Any:
    """Send a snapshot; return the answer to its end."""
    body = {"config": told["config"], "state": told["state"]}
    answer = run.ask(f"STREAM.RESTORE.{name}", body, note=False)
    assert "error" not in answer, answer
    subject = answer["deliver_subject"]
    for at in range(0, len(data), size):
        run.request(subject, data[at : at + size], note=False)
    return json.loads(run.request(subject, note=False).payload)


def messages(run: Play, name: str) -> list[tuple[Any, ...]]:
    """Return all messages of a stream."""
    state = run.ask(f"STREAM.INFO.{name}", {"deleted_details": True}, note=False)["state"]
    deleted = {*state.get("deleted", ())}
    found = []
    for sequence in range(max(1, state["first_seq"]), state["last_seq"] + 1):
        if sequence not in deleted:
            answer = run.ask(f"STREAM.MSG.GET.{name}", {"seq": sequence}, note=False)
            message = answer["message"]
            headers = base64.b64decode(message.get("hdrs", ""))
            data = base64.b64decode(message.get("data", ""))
            found.append((message["seq"], message["subject"], message["time"], headers, data))
    return found


def state(run: Play, name: str) -> dict[str, Any]:
    """Return the state of a stream, with its subjects and gaps."""
    asked = {"deleted_details": True, "subjects_filter": ">"}
    found = run.ask(f"STREAM.INFO.{name}", asked, note=False)["state"]
    if found["last_seq"] in found.get("deleted", ()) or not found["messages"]:
        # When the last message came an archive does not tell if that message is gone.
        found.pop("last_ts")
    if not found["last_seq"]:
        # nats-server's own answer for what never had a message depends on how it was made.
        for key in ("first_seq", "deleted", "num_deleted"):
            found.pop(key, None)
    return dict(found)


def consumers(run: Play, name: str) -> list[dict[str, Any]]:
    """Return what lasts of the consumers of a stream."""
    kept = ("name", "config", "num_ack_pending", "num_redelivered", "num_pending")
    found = []
    for info in run.ask(f"CONSUMER.LIST.{name}", note=False)["consumers"]:
        shown = {key: info[key] for key in kept}
        for part in ("delivered", "ack_floor"):
            shown[part] = {key: info[part][key] for key in ("consumer_seq", "stream_seq")}
        found.append(shown)
    return found


# Streams of all sorts


def gaps_and_consumers(run: Play) -> str:
    """Deletions, headers, many subjects, and consumers in the middle of their work."""
    run.stream("MOVED", subjects=["m.>"], metadata={"owner": "me"})
    for number in range(300):
        headers = {"Nats-Msg-Id": f"id-{number}", "X": "y"} if number % 3 == 0 else None
        run.send(f"m.{number % 40}", b"payload %d" % number, headers=headers)
    run.put("m.last", b"the last one")
    for sequence in (17, 100, 101, 102, 301):
        run.ask("STREAM.MSG.DELETE.MOVED", {"seq": sequence, "no_erase": sequence % 2 == 0})
    run.ask("STREAM.PURGE.MOVED", {"seq": 5})
    run.ask("STREAM.PURGE.MOVED", {"filter": "m.3"})
    explicit = {"ack_policy": "explicit", "ack_wait": 300 * SECOND_NS}
    run.consumer("MOVED", "WORK", **explicit, max_deliver=5)
    got = run.fetch("MOVED", "WORK", 10)
    for message in got[:2] + got[4:6]:
        run.ack(message)
    run.ack(got[2], b"-NAK")
    run.ack(got[7], b"-NAK")
    run.fetch("MOVED", "WORK", 2)
    run.consumer("MOVED", "SOME", **explicit, filter_subjects=["m.1", "m.2*"])
    run.fetch("MOVED", "SOME", 3)
    run.consumer("MOVED", "FRESH", deliver_policy="new", ack_policy="explicit")
    run.consumer(
        "MOVED", "EACH", ack_policy="all", deliver_policy="by_start_sequence", opt_start_seq=200
    )
    return "MOVED"


def several_blocks(run: Play) -> str:
    """A compressed stream of several blocks, whose limits have evicted the beginning."""
    run.stream("MOVED", subjects=["m.>"], max_bytes=400_000, compression="s2")
    run.fill("m.a", 400, 2000)
    run.fill("m.b", 50, 100)
    run.ask("STREAM.MSG.DELETE.MOVED", {"seq": 300})
    return "MOVED"


def one_of_each(run: Play) -> str:
    """A stream that keeps the last message of each subject."""
    run.stream("MOVED", subjects=["m.>"], max_msgs_per_subject=1, allow_direct=True)
    for number in range(200):
        run.send(f"m.{number % 7 if number % 50 else number}", b"value %d" % number)
    run.put("m.end")
    return "MOVED"


def work_queue(run: Play) -> str:
    """A queue of which some was done."""
    run.stream("MOVED", subjects=["m.>"], retention="workqueue")
    run.fill("m.a", 30)
    run.consumer("MOVED", "WORK", ack_policy="explicit", ack_wait=300 * SECOND_NS)
    for message in run.fetch("MOVED", "WORK", 20)[::2]:
        run.ack(message)
    return "MOVED"


def interest(run: Play) -> str:
    """A stream that keeps messages until everybody has had them."""
    run.stream("MOVED", subjects=["m.>"], retention="interest")
    for name in ("ONE", "TWO"):
        run.consumer("MOVED", name, ack_policy="explicit", ack_wait=300 * SECOND_NS)
    run.fill("m.a", 20)
    for message in run.fetch("MOVED", "ONE", 10):
        run.ack(message)
    for message in run.fetch("MOVED", "TWO", 5):
        run.ack(message)
    run.wait_state("MOVED", messages=15)
    return "MOVED"


def in_memory(run: Play) -> str:
    """A stream in memory with a consumer."""
    run.stream("MOVED", subjects=["m.>"], storage="memory", max_age=3600 * SECOND_NS)
    run.fill("m.a", 50)
    run.consumer("MOVED", "WORK", ack_policy="explicit", ack_wait=300 * SECOND_NS)
    run.fetch("MOVED", "WORK", 5)
    return "MOVED"


def purged(run: Play) -> str:
    """A stream without messages whose sequences go on."""
    run.stream("MOVED", subjects=["m.>"], first_seq=1000)
    run.fill("m.a", 20)
    run.ask("STREAM.PURGE.MOVED")
    return "MOVED"


def empty(run: Play) -> str:
    """A stream that never had a message."""
    run.stream("MOVED", subjects=["m.>"])
    return "MOVED"


def sealed(run: Play) -> str:
    """A stream that nothing may change any more."""
    made = run.stream("MOVED", subjects=["m.>"])
    run.fill("m.a", 3)
    run.ask("STREAM.UPDATE.MOVED", {**made["config"], "sealed": True})
    return "MOVED"


STREAMS = (
    gaps_and_consumers,
    several_blocks,
    one_of_each,
    work_queue,
    interest,
    in_memory,
    purged,
    empty,
    sealed,
)
