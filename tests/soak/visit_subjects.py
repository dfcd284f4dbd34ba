"""A visit that subscribes to this and that, and counts what it gets."""

import random

from tests.soak.client import Client, SoakError

_PATTERNS = ("a", "b", "a.b", "*", "a.*", "*.b", ">", "a.>", "*.*", "b.>")
_SUBJECTS = ("a", "b", "a.b", "b.b", "a.b.c")


def matches(pattern: str, subject: str) -> bool:
    """Tell whether ``pattern`` matches ``subject``, in the plainest way."""
    wanted, got = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(got) <= len(wanted):
            return False
        got = got[: len(wanted)]
    return len(wanted) == len(got) and all(w in ("*", g) for w, g in zip(wanted, got, strict=True))


async def check_deliveries(client: Client, number: int, rng: random.Random) -> None:
    """Subscribe below a prefix that nobody else has, publish there, and count.

    Raises:
        SoakError: there were more or fewer messages than there are subscriptions for them.
    """
    head = f"visit.{number}."
    held: dict[int, tuple[str, str]] = {}  # by sid: pattern, group
    expected = client.messages
    for sid in range(1, rng.randrange(2, 40)):
        pattern = rng.choice(_PATTERNS)
        # Each pattern has its own groups, as two patterns of one group share what both match.
        group = rng.choice(["", "", f"one-{pattern}", f"two-{pattern}"])
        held[sid] = pattern, group
        client.send(f"SUB {head}{pattern} {group} {sid}\r\n".encode())
        if rng.random() < 0.4:
            gone = rng.choice(list(held))
            del held[gone]
            client.send(f"UNSUB {gone}\r\n".encode())
        if rng.random() < 0.5:
            subject = rng.choice(_SUBJECTS)
            client.publish(f"{head}{subject}".encode(), b"x" * rng.randrange(100))
            taken = [pair for pair in held.values() if matches(pair[0], subject)]
            plain = sum(not group for _, group in taken)
            expected += plain + len({group for _, group in taken if group})
    await client.flush()
    if client.messages != expected or client.errors:
        raise SoakError(
            f"{client.messages} messages instead of {expected} below {head}, told {client.errors}"
        )
