"""A sample of what ``make differ`` does, and how transcripts are compared."""

import pytest

from tests.fuzz.dice import Dice
from tests.server import differ
from tests.server.generated_scripts import CONFIGS, Op, Script, make


def test_scripts_come_again_with_their_seed():
    assert str(differ.script_of(1, 7)) == str(differ.script_of(1, 7))
    assert str(differ.script_of(1, 7)) != str(differ.script_of(2, 7))
    scripts = [differ.script_of(3, number) for number in range(200)]
    assert {script.config for script in scripts} == set(range(len(CONFIGS)))
    assert any(op.last for script in scripts for op in script.ops)
    assert all(script.ops for script in scripts)


def test_no_group_has_two_members():
    script = "".join(str(make(Dice(f"{number}"), 0)) for number in range(3))
    assert "q1" in script
    for number in range(100):
        words = [
            word
            for op in make(Dice(f"groups {number}"), 0).ops
            if not op.last
            for word in op.data.split()
            if word.startswith(b"q")
        ]
        assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # The order among a client's own subscriptions is not promised.
        (b"MSG a 1 1\r\nx\r\nMSG a 2 1\r\nx\r\n", b"MSG a 2 1\r\nx\r\nMSG a 1 1\r\nx\r\n"),
        # Nor which of them is told that nobody answers.
        (
            b"HMSG in.a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
            b"HMSG in.a 2 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
        ),
        (b"+OK\r\nPING\r\n", b"+OK\r\n"),
        (b'MSG $SYS.ACCOUNT.CLIENT.AUTH.ERR 1  9\r\n{"type":"io.nats.server.advisory."}\r\n', b""),
        (b"+OK\r\n-ERR 'Invalid Publish Subject'\r\n", b"+OK\r\n"),
        (
            b"-ERR 'Invalid Publish Subject'\r\n-ERR 'Unknown Protocol Operation'\r\n",
            b"-ERR 'Unknown Protocol Operation'\r\n",
        ),
    ],
)
def test_what_is_left_to_chance_is_no_difference(one, other):
    assert differ.told(one) == differ.told(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"MSG a 1 1\r\nx\r\nMSG b 2 1\r\nx\r\n", b"MSG b 2 1\r\nx\r\nMSG a 1 1\r\nx\r\n"),
        (b"MSG a 1 1\r\nx\r\n", b"MSG a 2 1\r\nx\r\n"),
        (b"MSG a 1 r 1\r\nx\r\n", b"MSG a 1 1\r\nx\r\n"),
        (b"+OK\r\n", b""),
        (b"-ERR 'a'\r\n", b"-ERR 'b'\r\n"),
        (b"MSG a 1 9\r\nx\r\nPING\r\n\r\n", b"MSG a 1 9\r\nx\r\nPONG\r\n\r\n"),
    ],
)
def test_anything_else_is_one(one, other):
    assert differ.told(one) != differ.told(other)


class _Fake(differ.Differ):
    """Finds a difference where it is told to."""

    def __init__(self, word: bytes) -> None:
        self._word = word

    def difference(self, script: Script) -> str:
        return "differs" if any(self._word in op.data for op in script.ops) else ""


def test_scripts_are_made_small():
    ops = (Op("a", b"SUB a 1\r\n"), Op("b", b"PUB needle 0\r\n", last=True), Op("c", b"PING\r\n"))
    small = _Fake(b"needle").smallest(Script(0, ops))
    assert small.ops == (Op("b", b"needle", last=True),)


def test_differences_are_counted_and_printed(capsys):
    assert differ.compare(_Fake(b"CONNECT"), 1, range(20), seconds=60) == 1
    said = capsys.readouterr().out
    assert "the smallest like it" in said
    assert "5 differ" in said
    assert differ.compare(_Fake(b"never said"), 1, range(20), seconds=60) == 0
    assert "20 scripts" in capsys.readouterr().out


@pytest.mark.hub
def test_sample(nats_server_path, tmp_path, capsys):
    with differ.Differ(nats_server_path, tmp_path) as both:
        failed = differ.compare(both, seed=1, numbers=range(400), seconds=10)
    assert not failed, capsys.readouterr().out


@pytest.mark.hub
def test_the_two_servers_agree_on_what_is_simple(nats_server_path, tmp_path):
    connect = b'CONNECT {"verbose":true,"headers":true}\r\n'
    ops = (
        Op("a", connect + b"SUB a.* q 1\r\nSUB > 2\r\n"),
        Op("b", connect + b"PUB a.b r 2\r\nhi\r\n"),
        Op("a", b"FOO\r\n", last=True),
        Op("b", b"PUB a.b 2\r\nhi", last=True),
    )
    with differ.Differ(nats_server_path, tmp_path) as both:
        assert both.difference(Script(0, ops)) == ""
