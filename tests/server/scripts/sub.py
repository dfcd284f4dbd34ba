"""SUB: its arguments, subjects, sids and queue groups (P026, P048, P053)."""

from tests.server.duel import Script, closes, connect, say, stays

_SUBJECTS_WRONG = (
    *(b".", b"..", b".a", b"a.", b"a..b", b">.a", b"a.>.b", b"*.", b">.", b".*", b"a...b", b">.>"),
    b"*..*",
)
_SUBJECTS_RIGHT = (
    *(b"a", b"*", b">", b"a.*", b"*.*", b"a.>", b"*.>", b"a*", b"*a", b"a>", b">a", b"**", b">>"),
    *(b"a.*b.>", b"\x00", b"\xff\xfe", b"\x0c", b"\x0b", b"-", b"'", b'"', b"\\", b"$X", b"_"),
    "äöü".encode(),
)


def _tell(subject: bytes) -> bytes:
    """Return SUB for the subject, and messages that show what it stands for."""
    concrete = subject.replace(b"**", b"xx").replace(b">>", b"yy")
    line = b"SUB %s 1\r\n" % subject
    messages = (concrete, b"a", b"a.b", b"a.xb.c", b"ax", b"xa")
    return line + b"".join(b"PUB %s 0\r\n\r\n" % other for other in messages)


SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{f"wrong subject {str(s)[2:-1]}": stays(b"SUB %s 1\r\n" % s) for s in _SUBJECTS_WRONG},
        **{f"subject {str(s)[2:-1]}": stays(_tell(s)) for s in _SUBJECTS_RIGHT},
        "no arguments": closes(b"SUB\r\n"),
        "blank": closes(b"SUB \r\n"),
        "blanks": closes(b"SUB \t  \r\n"),
        "subject only": closes(b"SUB a\r\n"),
        "four arguments": closes(b"SUB a b c d\r\n"),
        "five arguments": closes(b"SUB a b c d e\r\n"),
        "sid of letters": stays(b"SUB s abc\r\nPUB s 1\r\nx\r\nUNSUB abc\r\nPUB s 1\r\ny\r\n"),
        "sid of all sorts": stays(b"SUB s \x00\xff'\"\r\nPUB s 1\r\nx\r\n"),
        "long sid": stays(b"SUB s " + b"9" * 200 + b"\r\nPUB s 1\r\nx\r\n"),
        "sid with leading zeros": stays(b"SUB s 01\r\nSUB s 1\r\nUNSUB 1\r\nPUB s 1\r\nx\r\n"),
        "duplicate sid keeps the first": stays(
            b"SUB one 1\r\nSUB two 1\r\nPUB one 1\r\na\r\nPUB two 1\r\nb\r\n"
        ),
        "duplicate sid with a group": stays(b"SUB s 1\r\nSUB s g 1\r\nPUB s 1\r\na\r\n"),
        "duplicate sid, wrong subject": stays(b"SUB s 1\r\nSUB s..t 1\r\nPUB s 1\r\na\r\n"),
        "duplicate sid, verbose": stays(b"SUB s 1\r\nSUB t 1\r\n", verbose=True),
        "same subject twice": [
            connect("b"),
            say(b"SUB s 1\r\n", "b"),
            connect(),
            say(b"SUB s 1\r\nPUB s 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "sid used again": stays(
            b"SUB s 1\r\nUNSUB 1\r\nSUB t 1\r\nPUB s 1\r\nx\r\nPUB t 1\r\ny\r\n"
        ),
        "a wrong one is not there": stays(b"SUB a..b 1\r\nSUB s 1\r\nPUB s 1\r\nx\r\n"),
        "group of one": stays(b"SUB s g 1\r\nPUB s 1\r\nx\r\nPUB s r 1\r\ny\r\n"),
        "group with a wildcard": stays(b"SUB s.* g.* 1\r\nPUB s.t 1\r\nx\r\n"),
        "group of odd bytes": stays(b"SUB s \x00\xff..> 1\r\nPUB s 1\r\nx\r\n"),
        "group and plain": [
            connect("b"),
            say(b"SUB s 1\r\n", "b"),
            connect(),
            say(b"SUB s g 2\r\nPUB s 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "two groups": [
            connect("b"),
            say(b"SUB s g 1\r\n", "b"),
            connect(),
            say(b"SUB s h 2\r\nPUB s 1\r\nx\r\n"),
            say(b"", "b"),
        ],
        "one leaves the group": [
            connect("b"),
            say(b"SUB s g 1\r\nUNSUB 1\r\n", "b"),
            connect(),
            say(b"SUB s g 2\r\nPUB s 1\r\nx\r\nPUB s 1\r\ny\r\n"),
            say(b"", "b"),
        ],
    },
}
