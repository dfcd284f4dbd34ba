"""A process that plays scenarios on the hot modules, for comparing their two forms.

It reads requests from standard input, ``(scenario, arguments)``, and answers with what happened, as
plain values; both ways msgpack with four bytes of length before it.  An error is its type's name:
texts may differ between the forms, types may not.
"""

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec

from headwater.accounts.permissions import Rules
from headwater.base.buffer import Buffer, BufferPool
from headwater.base.errors import ProtocolError
from headwater.natsstore.highway import Hasher
from headwater.subjects import validate
from headwater.subjects.mapping import SubjectMappings, compile_mapping
from headwater.subjects.match import Interest, Sublist
from headwater.subjects.transform import TransformError, compile_import, compile_transform
from headwater.wire import headers, nats_encoder, s2_block
from headwater.wire.crc32c import masked_checksum
from headwater.wire.message import Message
from headwater.wire.nats_parser import NatsParser


class _Recorder(NatsParser):
    def on_message(self):
        message = self.message
        queues = None if message.queues is None else list(message.queues)
        parts = [message.shown_subject(), message.reply(), message.headers(), message.payload()]
        self.operations.append([*parts, queues, message.header_size])

    def on_control(self, verb, arguments):
        self.operations.append([verb, arguments])


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns, or the name of the type of what it raises."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001  (any error is a result here)
        return f"raised {type(error).__name__}"


def parse(chunks: list[bytes], peer: bool, line_max: int, payload_max: int) -> Any:
    """Feed a parser as a connection does."""
    parser = _Recorder(BufferPool(64, capacity_max=64, count_max=1))
    parser.operations = []
    parser.peer = peer
    parser.control_line_bytes_max = line_max
    parser.payload_bytes_max = payload_max
    rest = b""
    steps = []
    for chunk in chunks:
        data = rest + chunk
        try:
            used = parser.receive(memoryview(bytearray(data)), 0, len(data))
        except ProtocolError as error:
            return parser.operations, steps, str(error), error.wire_text
        rest = data[used:]
        steps.append([used, parser.wanted])
    return parser.operations, steps, rest


def encode(
    parts: list[bytes], changes: dict[str, int], extra: Any, with_headers: bool, capacity: int
) -> Any:
    """Encode a message; ``changes`` damages its offsets; ``extra`` is a sid, or queue groups."""
    message = Message()
    message.compose(*parts)
    for name, value in changes.items():
        setattr(message, name, value)
    message.rewritten = bool(changes)
    out = Buffer(capacity)
    put = nats_encoder.put_message if isinstance(extra, bytes) else nats_encoder.put_routed
    result = attempt(put, out, message, extra, with_headers)
    own = [attempt(part) for part in (message.shown_subject, message.reply, message.headers)]
    return result, out.contents(), own, attempt(message.payload)


def header_fields(block: bytes, start: int, end: int, name: bytes) -> Any:
    """Look for a name in a part of a block."""
    view = memoryview(block)
    return (
        attempt(headers.find_value, view, start, end, name),
        attempt(headers.mentions, view, start, end, name),
    )


def sublist(steps: list[list[Any]], cache_max: int) -> Any:
    """Insert, remove and match; results are numbers of the interests, in order."""
    found = Sublist(cache_max)
    interests: list[Any] = []
    results: list[Any] = []
    for action, *arguments in steps:
        if action == "insert":
            interests.append(Interest(*arguments))
            results.append(attempt(found.insert, interests[-1]))
        elif action == "remove":
            index = arguments[0]
            inside = index < len(interests)
            results.append(attempt(found.remove, interests[index]) if inside else None)
        else:
            matches = found.match(arguments[0])
            number = {id(interest): index for index, interest in enumerate(interests)}
            plain = [number[id(interest)] for interest in matches.plain]
            groups = [[number[id(interest)] for interest in group] for group in matches.groups]
            results.append([plain, groups, found.has_interest(arguments[0])])
    counters = [found.count, found.inserts, found.removes, found.lookups, found.misses]
    return results, counters, attempt(found.fanouts)


def judge(one: bytes, other: bytes) -> Any:
    """Ask every function on subjects."""
    single = ("is_valid", "is_literal", "is_valid_literal")
    double = ("matches", "covers", "overlaps")
    return [attempt(getattr(validate, name), one) for name in single] + [
        attempt(getattr(validate, name), one, other) for name in double
    ]


def rights(allow: list[bytes] | None, deny: list[bytes], subjects: list[bytes]) -> Any:
    """Ask a set of rules about subjects, twice: the second time from its cache."""
    rules = Rules(allow, deny)
    return [
        [
            attempt(method, subject)
            for method in (rules.permits, rules.permits_interest, rules.filters)
        ]
        for subject in subjects * 2
    ]


def transform(source: bytes, destination: bytes, importing: bool, subjects: list[bytes]) -> Any:
    """Compile a transform and apply it to subjects, whether they match or not."""
    make = compile_import if importing else compile_transform
    made = attempt(make, source, destination)
    if isinstance(made, str):
        return made
    return made.varies, [attempt(made.apply, subject, _last) for subject in subjects]


def mapping(given: list[list[Any]], cache_max: int, subjects: list[bytes]) -> Any:
    """Map subjects, several times, by mappings that draw numbers in turn."""
    dice = _Dice()
    try:
        compiled = [compile_mapping(source, destinations) for source, destinations in given]
    except TransformError as error:
        return str(error)
    found = SubjectMappings(compiled, dice.below, cache_max)
    return [attempt(found.map, subject) for subject in subjects * 3], dice.thrown


def _last(bound: int) -> int:
    return bound - 1


class _Dice:
    def __init__(self) -> None:
        self.thrown = 0

    def below(self, bound: int) -> int:
        self.thrown += 37
        return self.thrown % bound


def collect(parts: list[Any], capacity: int, size: int) -> Any:
    """Append to a buffer, then claim that it holds ``size`` bytes."""
    buffer = Buffer(capacity)
    results = [attempt(buffer.append, part) for part in parts]
    contents = buffer.contents()
    buffer.size = size
    return results, contents, buffer.capacity, attempt(buffer.contents)


def s2(data: bytes, start: int, end: int, size_max: int) -> Any:
    """Encode a stretch of ``data``, decode it as it is, and take its checksums."""
    view = memoryview(data)
    return [
        attempt(s2_block.encode, view, start, end),
        attempt(s2_block.decode, view, start, end, size_max),
        attempt(masked_checksum, view, start, end),
        attempt(Hasher(data).digest, view, start, end),
    ]


def form() -> str:
    """Return the file of a hot module: its name differs between the forms."""
    return str(nats_encoder.__file__)


SCENARIOS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        parse,
        encode,
        header_fields,
        sublist,
        judge,
        rights,
        transform,
        mapping,
        collect,
        s2,
        form,
    )
}


def read(stream: BinaryIO) -> Any:
    """Return the next value of a stream; None at its end."""
    size = stream.read(4)
    if len(size) < 4:
        return None
    return msgspec.msgpack.decode(stream.read(int.from_bytes(size, "little")))


def write(stream: BinaryIO, value: Any) -> None:
    """Send a value."""
    data = msgspec.msgpack.encode(value)
    stream.write(len(data).to_bytes(4, "little") + data)
    stream.flush()


def main() -> None:
    while (request := read(sys.stdin.buffer)) is not None:
        name, arguments = request
        write(sys.stdout.buffer, attempt(SCENARIOS[name], *arguments))


if __name__ == "__main__":
    main()
