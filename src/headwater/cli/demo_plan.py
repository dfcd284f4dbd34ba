"""What happens when in the demonstration: cuts, kills and faults at fractions of its length."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Step:
    """An action, and when it is taken (seconds from the start)."""

    at_s: float
    action: str  # cut, cut_silent, restore, kill_node, kill_app, fault, well


# (fraction, action, fraction until its undoing), in three groups: the node dies in a cut; it dies
# with the link up, and soon the application dies while the link has silently gone; the node dies in
# a cut again.  Between the groups is time for the hub, which looks after its sources every 10 s.
_PLAN = (
    (0.06, "cut", 0.06),
    (0.09, "kill_node", 0.0),
    (0.22, "fault", 0.06),
    (0.36, "kill_node", 0.0),
    (0.40, "cut_silent", 0.06),
    (0.43, "kill_app", 0.0),
    (0.62, "fault", 0.06),
    (0.76, "cut", 0.06),
    (0.79, "kill_node", 0.0),
)
_UNDONE_BY = {"cut": "restore", "cut_silent": "restore", "fault": "well"}


def steps(seconds: float) -> list[Step]:
    """Return the steps of a demonstration of ``seconds``, in order."""
    planned = []
    for fraction, action, lasting in _PLAN:
        planned.append(Step(fraction * seconds, action))
        if lasting:
            planned.append(Step((fraction + lasting) * seconds, _UNDONE_BY[action]))
    return sorted(planned)
