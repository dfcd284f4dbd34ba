"""The parser: the same operations however the bytes are cut, and ProtocolError for bad ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.base.buffer import BufferPool
from headwater.base.errors import ProtocolError
from headwater.wire.nats_parser import NatsParser
from tests.wire.protocol_text import cut, cuts, mutated_streams, streams

LINE_MAX = 64
PAYLOAD_MAX = 100


class Recorder(NatsParser):
    """Writes down every operation."""

    def __init__(self, *, peer=False, line_max=LINE_MAX, payload_max=PAYLOAD_MAX):
        super().__init__(BufferPool(64, capacity_max=64, count_max=1))
        self.peer = peer
        self.control_line_bytes_max = line_max
        self.payload_bytes_max = payload_max
        self.operations = []

    def on_message(self):
        message = self.message
        self.operations.append(
            (
                message.shown_subject(),
                message.reply(),
                None if message.queues is None else tuple(message.queues),
                message.headers(),
                message.payload(),
            )
        )

    def on_control(self, verb, arguments):
        self.operations.append((verb, arguments))


def feed(parser, chunks):
    """Give the parser chunks as a connection does; return the error, None without, and the rest.

    Each chunk arrives in the middle of a larger buffer, which is overwritten afterwards.
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        buffer = bytearray(b"PUB x 1\r\n" + data + b"1\r\n\n \r\nZ\r\n")
        try:
            used = parser.receive(memoryview(buffer), 9, 9 + len(data)) - 9
        except ProtocolError as error:
            return error.wire_text, b""
        assert 0 <= used <= len(data)
        buffer[:] = b"!" * len(buffer)
        rest = data[used:]
        if parser.wanted:
            assert parser.wanted > len(rest)
    return None, rest


def parse(data, **options):
    """Return the operations of ``data`` given whole; it must be complete and right."""
    parser = Recorder(**options)
    assert feed(parser, [data]) == (None, b"")
    return parser.operations


# --- what is right -------------------------------------------------------------------------------


@given(streams(peer=False), cuts)
def test_a_clients_operations_survive_any_cut(stream, places):
    parser = Recorder()
    assert feed(parser, cut(stream.data, places)) == (None, b"")
    assert parser.operations == stream.operations


@given(streams(peer=True), cuts)
def test_a_servers_operations_survive_any_cut(stream, places):
    parser = Recorder(peer=True)
    assert feed(parser, cut(stream.data, places)) == (None, b"")
    assert parser.operations == stream.operations


@given(streams(peer=False))
def test_a_clients_operations_survive_single_bytes(stream):
    parser = Recorder()
    single = [stream.data[at : at + 1] for at in range(len(stream.data))]
    assert feed(parser, single) == (None, b"")
    assert parser.operations == stream.operations


def test_verbs_in_any_case_runs_of_blanks_and_bare_line_feeds():
    data = b"pUb \t a  3 \r\nabc\r\nhpub a\tb 0  1\nx\r\nsub  a 1\nPiNg\r\n"
    assert parse(data) == [
        (b"a", b"", None, b"", b"abc"),
        (b"a", b"b", None, b"", b"x"),
        (b"SUB", b"a 1"),
        (b"PING", b""),
    ]


def test_a_payload_may_look_like_the_protocol():
    inner = b"PUB a 2\r\nhi\r\n"
    assert parse(b"PUB a 13\r\n" + inner + b"\r\n") == [(b"a", b"", None, b"", inner)]


def test_headers_and_payload_are_told_apart():

    data = b"HPUB a r 18 20\r\nNATS/1.0\r\nA: 1\r\n\r\nhi\r\n"
    assert parse(data) == [(b"a", b"r", None, b"NATS/1.0\r\nA: 1\r\n\r\n", b"hi")]


@pytest.mark.parametrize(
    ("line", "reply", "queues"),
    [
        (b"LMSG a 1", b"", None),
        (b"LMSG a r 1", b"r", None),
        (b"LMSG a + r q1 q2 1", b"r", (b"q1", b"q2")),
        (b"LMSG a | q1 1", b"", (b"q1",)),
        (b"HMSG a + r q 0 1", b"r", (b"q",)),
        (b"HMSG a 0 1", b"", None),
    ],
)
def test_messages_of_another_server(line, reply, queues):
    assert parse(line + b"\r\nx\r\n", peer=True) == [(b"a", reply, queues, b"", b"x")]


def test_queue_groups_do_not_stay_for_the_next_message():
    data = b"LMSG a | q 1\r\nx\r\nLMSG a 1\r\ny\r\n"
    assert [operation[2] for operation in parse(data, peer=True)] == [(b"q",), None]


def test_wanted_is_the_size_of_the_incomplete_message():
    parser = Recorder()
    data = memoryview(b"PING\r\nPUB a 10\r\n01234")
    assert parser.receive(data, 0, len(data)) == 6
    assert parser.wanted == len(b"PUB a 10\r\n0123456789\r\n")
    assert parser.receive(memoryview(b"PING\r\n"), 0, 6) == 6
    assert parser.wanted == 0


def test_a_closed_parser_takes_nothing_more():
    class Leaver(Recorder):
        def on_control(self, verb, arguments):
            super().on_control(verb, arguments)
            self.open = False

    parser = Leaver()
    assert parser.receive(memoryview(b"PING\r\nPING\r\n"), 0, 12) == 6
    assert parser.operations == [(b"PING", b"")]


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"FOO\r\n", "Unknown Protocol Operation"),
        (b"\r\n", "Unknown Protocol Operation"),
        (b"\x00", "Unknown Protocol Operation"),
        (b"PUB a 1\r\nxyz\r\n", "Unknown Protocol Operation"),
        (b"PUB a 1\r\nx\n", "Unknown Protocol Operation"),
        (b"PUB a 1\r\nx\rx", "Unknown Protocol Operation"),
        # An unfinished line is wrong already.
        (b"PUX", "Unknown Protocol Operation"),
        (b"PI ", "Unknown Protocol Operation"),
        (b"pub\r", "Unknown Protocol Operation"),
        (b"HPUBx", "Unknown Protocol Operation"),
        (b"SUB\n", "Unknown Protocol Operation"),
        (b"-ERRx", "Unknown Protocol Operation"),
        (b"MSG", "Unknown Protocol Operation"),
        (b"LS+", "Unknown Protocol Operation"),
        (b"PUB a 101\r\n", "Maximum Payload Violation"),
        (b"PUB a 999999999\r\n", "Maximum Payload Violation"),
        (b"HPUB a 0 101\r\n", "Maximum Payload Violation"),
        # These close the connection without a word.
        (b"PUB \r\n", ""),
        (b"PUB \n\n", ""),
        (b"PUB a b c 1 d\n", ""),
        (b"PUB a\r 1\n", ""),
        (b"PUB a\r\n", ""),
        (b"PUB a b c 1\r\n", ""),
        (b"PUB a x\r\n", ""),
        (b"PUB a -1\r\n", ""),
        (b"PUB a +1\r\n", ""),
        (b"PUB a 1_0\r\n", ""),
        (b"PUB a 9999999999\r\n", ""),
        (b"PUB a 0000000001\r\n", ""),
        (b"HPUB a 5 3\r\n", ""),
        (b"HPUB a x 3\r\n", ""),
        (b"HPUB a 3\r\n", ""),
    ],
)
def test_a_clients_errors(data, text):
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        parser = Recorder()
        assert feed(parser, chunks)[0] == text
        assert parser.operations == []


@pytest.mark.parametrize(
    "data",
    [
        b"LMSG a\r\n",
        b"LMSG \r\n",
        b"LMSG a b c 1\r\n",
        b"LMSG a x\r\n",
        b"LMSG a 9999999999\r\n",
        b"HMSG a 1\r\n",
        b"HMSG a 5 3\r\n",
        b"HMSG a x 3\r\n",
    ],
)
def test_a_servers_errors_close_without_a_word(data):
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        parser = Recorder(peer=True)
        assert feed(parser, chunks)[0] == ""
        assert parser.operations == []


@pytest.mark.parametrize(
    ("verb", "arguments"), [(b"SUB", b"a 1"), (b"PUB", b"a 0"), (b"HPUB", b"a 0 0")]
)
@pytest.mark.parametrize("blanks", [b" ", b"   "])
def test_the_limit_of_a_control_line_is_that_of_its_arguments(verb, arguments, blanks):
    body = b"" if verb == b"SUB" else b"\r\n"
    fits = arguments.replace(b"a", b"a" * (LINE_MAX - len(arguments) + 1))
    assert len(fits) == LINE_MAX
    assert len(parse(verb + blanks + fits + b"\r\n" + body)) == 1
    error, _ = feed(Recorder(), [verb + blanks + b"a" + fits + b"\r\n" + body])
    assert error == "maximum control line exceeded"


@pytest.mark.parametrize(
    ("start", "peer"),
    [
        *((start, False) for start in (b"SUB ", b"PUB a", b"HPUB a b c d ", b"CONNECT", b"INFO {")),
        *((start, True) for start in (b"LMSG a", b"HMSG a", b"LS+ ", b"INFO", b"-ERR ")),
        *((start, peer) for start in (b"PING", b"+OK") for peer in (False, True)),
    ],
)
@pytest.mark.parametrize("rest", [b"a", b" "])
def test_a_line_without_end_is_not_collected_for_ever(start, peer, rest):
    error, _ = feed(Recorder(peer=peer), [start, *[rest * 20] * 10])
    assert error == "maximum control line exceeded"


@pytest.mark.parametrize("end", [b"", b"\r"])
def test_the_limit_of_an_unfinished_line_is_that_of_a_finished_one(end):
    for line in (b"SUB " + b"a" * LINE_MAX, b"PUB " + b"a" * LINE_MAX):
        assert feed(Recorder(), [line + end])[0] is None
        assert feed(Recorder(), [line + b"a" + end])[0] == "maximum control line exceeded"


@pytest.mark.parametrize("data", [b"HPUB a 0 0\r\n", b"HPUB a 1 101\r\n", b"hpub \r\n"])
def test_headers_may_be_refused_by_the_line_alone(data):
    parser = Recorder()
    parser.takes_headers = False
    assert feed(parser, [data[:-1]])[0] is None
    assert feed(parser, [data])[0] == ""


def test_what_follows_a_verb():
    data = b"PINGx\r\nPONG\tx \n+OKK\r\nCONNECT{}\r\nINFO\r\nSUB \na 1\r\nUNSUB  \r\n-ERR \n\n"
    assert parse(data) == [
        (b"PING", b"x"),
        (b"PONG", b"x "),
        (b"+OK", b"K"),
        (b"CONNECT", b"{}"),
        (b"INFO", b"\r"),
        (b"SUB", b"\na 1"),
        (b"UNSUB", b"\r"),
        (b"-ERR", b"\n"),
    ]


def test_a_payload_of_the_limit_passes():
    assert len(parse(b"PUB a 100\r\n" + b"x" * 100 + b"\r\n")) == 1


@given(mutated_streams, cuts, st.booleans())
def test_nothing_but_a_protocol_error_comes_out(data, places, peer):
    """And whatever the cut, the same operations come before it."""
    whole, pieces = Recorder(peer=peer), Recorder(peer=peer)
    error_whole, rest_whole = feed(whole, [data])
    error_pieces, rest_pieces = feed(pieces, cut(data, places))
    assert whole.operations == pieces.operations
    assert (error_whole, rest_whole) == (error_pieces, rest_pieces)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data, peer):
    feed(Recorder(peer=peer), [data])


@pytest.mark.parametrize(("start", "end"), [(2, 7), (2, 100)])
def test_a_range_outside_the_view_is_refused(start, end):
    with pytest.raises(IndexError):
        Recorder().receive(memoryview(b"PIPING"), start, end)


def test_handlers_must_be_implemented():
    parser = NatsParser(BufferPool(64, capacity_max=64, count_max=1))
    with pytest.raises(NotImplementedError):
        parser.receive(memoryview(b"PING\r\n"), 0, 6)
    with pytest.raises(NotImplementedError):
        parser.receive(memoryview(b"PUB a 0\r\n\r\n"), 0, 11)


@pytest.mark.parametrize("data", [b"PING\r\n", b"PUB a 0\r\n\r\n", b"PUB a 9\r\nx", b"FOO\r\n"])
def test_views_are_let_go(data):
    parser = Recorder()
    buffer = bytearray(data)
    try:
        parser.receive(memoryview(buffer), 0, len(data))
    except ProtocolError:
        pass
    buffer.append(1)  # BufferError while anybody holds a view
