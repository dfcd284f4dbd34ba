"""What a server holds when only the good clients are there: the same at any such time."""

from dataclasses import dataclass

# Kinds of objects of which there are more or fewer without any of them being left behind: each is
# kept in a place that has a bound.
_BOUNDED = (
    "headwater.base.buffer.Buffer",  # a pool keeps some for those who send next
    "headwater.base.timers.Timer",  # cancelled ones leave the queue later
    "headwater.broker.closed.ClosedConnection",
    "headwater.config.",  # a part of the server keeps the options that it was made from
    "headwater.subjects.match.Matches",  # answers that are cached
)


@dataclass
class Quiet:
    """What a server holds when only the good clients are there."""

    connections: set[int]
    descriptors: int
    threads: int
    objects: dict[str, int]
    resident_kib: int = 0

    def difference(self, other: "Quiet") -> str:
        """Return what of it differs, empty for nothing; memory is another matter."""
        texts = []
        if self.connections != other.connections:
            texts.append(f"connections {sorted(self.connections ^ other.connections)}")
        for name in ("descriptors", "threads"):
            pair = getattr(self, name), getattr(other, name)
            if pair[0] != pair[1]:
                texts.append(f"{name} {pair[0]}, then {pair[1]}")
        for kind in sorted(self.objects.keys() | other.objects.keys()):
            first, second = self.objects.get(kind, 0), other.objects.get(kind, 0)
            if first != second and not kind.startswith(_BOUNDED):
                texts.append(f"{kind} {first}, then {second}")
        return "; ".join(texts)
