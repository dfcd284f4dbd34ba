"""Accounts made up from a seed, that share with one another, and what their clients say.

What nats-server leaves to chance is left out: a queue group has one member, and of two exports that
are wide enough for an import none is narrower than the other.
"""

from dataclasses import dataclass

from tests.fuzz.dice import Dice

ACCOUNTS = "ABC"
_TOKENS = ("x", "y")
_STREAMS = ("s.*", "s.>", "s.x", "t.*.*", "t.x.*", "u")
_SERVICES = ("q.*", "q.>", "q.x", "r.*.*", "r.x.*", "v")
_PREFIXES = ("", "p", "p.x", "s")
_RESPONSES = ("singleton", "singleton", "stream", "chunked")
_INTERESTS = ("s.*", "s.>", "s.x", "t.>", "t.*.y", "u", "p.>", "*.x", "*.*", ">", "p.*.*", "i.*.y")
_INTERESTS += ("q.*", "q.>", "q.x", "r.>", "v", "j.*.*", "w.>", "p.x.s.x", "*.*.*")
_SUBJECTS = ("s.x", "s.y", "s.x.y", "t.x.y", "t.y.x", "t.x.x", "u", "p.s.x", "m.x", "n")
_REQUESTS = ("q.x", "q.y", "q.x.y", "r.x.y", "r.y.x", "v", "j.x.y", "j.y.y", "w.x", "w.x.y", "o.x")
_DENIED = ("s.y", "t.x.*", "p.s.>", "q.y", "w.x", "j.x.>", "u", "inbox.c.>")


@dataclass(frozen=True)
class Op:
    """What one client says; ``answer`` that it answers the last request that it has got."""

    peer: str
    data: bytes = b""
    answer: bool = False


@dataclass(frozen=True)
class Script:
    """What is said to servers with a configuration."""

    config: str
    ops: tuple[Op, ...]

    def __str__(self) -> str:
        lines = [f"  {op.peer}: {'answers' if op.answer else op.data!r}" for op in self.ops]
        return "\n".join([self.config, *lines])


def make_config(dice: Dice) -> str:
    """Return the accounts; imports may be refused."""
    exports = {name: _exports(dice, name) for name in ACCOUNTS}
    lines = []
    for name in ACCOUNTS:
        lines.append(f"  {name} {{")
        lines.append(f"    users: [ {{ user: {name}, password: p }}, {_limited(dice, name)} ]")
        lines.append(f"    exports: [ {', '.join(text for _, _, text in exports[name])} ]")
        lines.append(f"    imports: [ {', '.join(_imports(dice, name, exports))} ]")
        if dice.chance(0.4):
            lines.append(f"    mappings {{ {_mappings(dice)} }}")
        lines.append("  }")
    return "\n".join(["accounts {", *lines, "}"])


def make_ops(dice: Dice) -> tuple[Op, ...]:
    """Return what the clients say; each answers what it is asked only once it listens."""
    ops = []
    peers = [name + kind for name in ACCOUNTS for kind in ("", "l")]
    for peer in peers:
        lines = b"".join(_subscribe(dice, number) for number in range(1, 1 + dice.below(4)))
        ops.append(Op(peer, lines + b"SUB inbox.%b.* 90\r\n" % peer.lower().encode()))
    for _ in range(6 + dice.below(8)):
        peer = dice.pick(peers)
        ops.append(_op(dice, peer))
        if dice.chance(0.5):
            ops.append(Op(dice.pick(peers), answer=True))
    return tuple(ops)


def _op(dice: Dice, peer: str) -> Op:
    kind = dice.below(10)
    if kind < 4:
        return Op(peer, _publish(dice.pick(_SUBJECTS)))
    if kind < 8:
        inbox = f"inbox.{peer.lower()}.{dice.below(2)}" if dice.chance(0.9) else ""
        return Op(peer, _publish(dice.pick(_REQUESTS), inbox))
    if kind < 9:
        return Op(peer, b"UNSUB %d\r\n" % (1 + dice.below(4)))
    return Op(peer, _subscribe(dice, 5 + dice.below(3)))


def _publish(subject: str, reply: str = "") -> bytes:
    return f"PUB {subject} {reply} 1\r\nx\r\n".encode()


def _subscribe(dice: Dice, number: int) -> bytes:
    queue = f" g{dice.below(1 << 30)}" if dice.chance(0.2) else ""
    return f"SUB {dice.pick(_INTERESTS)}{queue} {number}\r\n".encode()


def _limited(dice: Dice, name: str) -> str:
    denied = f'deny: ["{dice.pick(_DENIED)}", "{dice.pick(_DENIED)}"]'
    publish = f'publish {{ deny: ["{dice.pick(_DENIED)}"] }}, ' if dice.chance(0.5) else ""
    return f"{{ user: {name}l, password: p, permissions {{ {publish}subscribe {{ {denied} }} }} }}"


def _exports(dice: Dice, name: str) -> list[tuple[str, str, str]]:
    """Return kind, subject and text of what an account exports."""
    found = []
    for kind, subjects in (("stream", _STREAMS), ("service", _SERVICES)):
        roots = set()
        for _ in range(1 + dice.below(3)):
            subject = dice.pick(subjects)
            if subject[0] in roots:
                continue
            roots.add(subject[0])
            more = ""
            if dice.chance(0.2):
                others = [other for other in ACCOUNTS if other != name]
                more = f", accounts: [{dice.pick(others)}]"
            if kind == "service":
                more += f", response: {dice.pick(_RESPONSES)}"
            found.append((kind, subject, f'{{ {kind}: "{subject}"{more} }}'))
    return found


def _imports(dice: Dice, name: str, exports: dict[str, list[tuple[str, str, str]]]) -> list[str]:
    found = []
    taken = set()
    for other in ACCOUNTS:
        for kind, subject, text in exports[other]:
            allowed = "accounts" not in text or f"accounts: [{name}]" in text
            if other == name or not dice.chance(0.5) or not (allowed or dice.chance(0.1)):
                continue
            narrow = subject
            if dice.chance(0.2):
                narrow = subject.replace("*", "x", 1)
            to, more = _place(dice, kind, narrow)
            if (kind, to) in taken:
                continue
            taken.add((kind, to))
            source = f'{kind}: {{ account: {other}, subject: "{narrow}" }}'
            found.append(f"{{ {source}{more} }}")
    return found


def _place(dice: Dice, kind: str, subject: str) -> tuple[str, str]:
    """Return where an import is, and the text that says so."""
    if kind == "stream" and dice.chance(0.5):
        prefix = dice.pick(_PREFIXES)
        return (f"{prefix}.{subject}", f", prefix: {prefix}") if prefix else (subject, "")
    if subject.count("*") == 2 and dice.chance(0.7):
        root = "i" if kind == "stream" else "j"
        return root, f', to: "{root}.$2.$1"'
    if dice.chance(0.4):
        root = "p" if kind == "stream" else "w"
        to = root + subject[1:]
        return to, f', to: "{to}"'
    return subject, ""


def _mappings(dice: Dice) -> str:
    return dice.pick(
        (
            '"m.*": "s.$1"',
            'n: u, "o.*": "q.$1"',
            '"s.x": "s.y"',
            '"q.x": "q.y", "r.x.*": "v"',
            '"w.*": "q.$1"',
        )
    )
