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
    figures: dict[str, int]  # of the process and of the monitoring, by name
    objects: dict[str, int]  # how many of each class
    resident_kib: int = 0

    def difference(self, other: "Quiet") -> str:
        """Return what of it differs, empty for nothing; memory is another matter."""
        texts = []
        if self.connections != other.connections:
            texts.append(f"connections {sorted(self.connections ^ other.connections)}")
        texts += _differences(self.figures, other.figures)
        texts += _differences(self.objects, other.objects)
        return "; ".join(texts)


def _differences(before: dict[str, int], after: dict[str, int]) -> list[str]:
    return [
        f"{name} {before.get(name, 0)}, then {after.get(name, 0)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name, 0) != after.get(name, 0) and not name.startswith(_BOUNDED)
    ]
