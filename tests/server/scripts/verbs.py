"""Verbs: their case, their ends, and what is refused before its line has one (P030, P037)."""

from tests.server.duel import Difference, Script, apart, closes, connect, last, say, stays

_WITH_ARGUMENTS = (b"PUB", b"HPUB", b"SUB", b"UNSUB", b"-ERR")
# The last byte of each is the first wrong one; nothing follows.
_WRONG = (
    *(b"P ", b"P\r", b"P\x00", b"Px", b"PUx", b"PU\n", b"PIx", b"PIN ", b"POx", b"PON\r", b"p\t"),
    *(b"H ", b"HPx", b"HPU\r", b"S ", b"Sx", b"SU\r", b"U\n", b"Ux", b"UNSx", b"UNSU "),
    *(b"C ", b"Cx", b"CONx", b"CONNEC\r", b"I ", b"Ix", b"INx", b"INF\n"),
    *(b"+ ", b"+x", b"+O\r", b"- ", b"-x", b"-ERx", b"-E\n"),
    *(verb + end for verb in _WITH_ARGUMENTS for end in (b"\r", b"\n", b"x", b"\x0b")),
    # What only servers say.
    *(b"M", b"R", b"L", b"A"),
    *(b"x", b"Q", b"\r", b"\n", b" ", b"\t", b"\x00", b"\xff", b"*", b"0", b"{", b"GET / HTTP/1.1"),
)

SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{f"refused at once: {str(data)[2:-1]}": closes(data) for data in _WRONG},
        "refused at once before CONNECT": [last(b"PUX")],
        "small letters and blanks": stays(
            b"sub   lc \t 1\r\npub\tlc\t 2 \r\nhi\r\nPub  lc  re  2\r\nho\r\nunsub  1 \r\nping\r\n"
        ),
        "every other letter small": stays(
            b"sUb m 1\r\nPuB m 1\r\nx\r\nhPuB m 1 1\r\ny\r\nuNsUb 1\r\npInG\r\npOnG\r\n"
        ),
        "small letters of the others": stays(b"+ok\r\n+Ok\r\ninfo {}\r\nInFo {}\r\nconnect {}\r\n"),
        "words behind PING and PONG": stays(b"PING hello\r\nPONG hello\r\nPING \t\r\nPONG \n"),
        "letters behind PING and PONG": stays(b"PINGx\r\nPONGx\r\nPINGPONG\r\n"),
        "carriage returns behind PING": [connect(), say(b"PING\r\r\nPING\rPING\r\n", pongs=3)],
        "anything behind +OK": stays(b"+OK\r\n+OKxx\r\n+OK x\r\n+OK\n"),
        "INFO": stays(b"INFO {}\r\nINFO{}\r\nINFO null\r\nINFO  \t {} \r\n"),
        "INFO of a server": stays(b'INFO {"server_id":"N","max_payload":5,"a":[1]}\r\n'),
        "INFO, no JSON": closes(b"INFO x\r\n"),
        "INFO, no object": closes(b"INFO []\r\n"),
        "INFO, nothing": closes(b"INFO\r\n"),
        "INFO, blanks": closes(b"INFO  \r\n"),
        "INFO, text behind": closes(b"INFO {} x\r\n"),
        "INFO of another type": Difference(
            [connect(), last(b'INFO {"server_id":1}\r\nPING\r\nFOO\r\n')],
            b"PONG\r\nPONG\r\n-ERR 'Unknown Protocol Operation'\r\n",
            "what a client says in INFO means nothing, so that nothing of it is looked at",
        ),
        "-ERR": closes(b"-ERR 'x'\r\n"),
        "-ERR without quotes": closes(b"PING\r\n-ERR  x\r\nPING\r\n"),
        "-ERR, blank": closes(b"-ERR \r\n"),
        "MSG": closes(b"MSG a 1 1\r\nx\r\n"),
        "HMSG": closes(b"HMSG a 1 1 1\r\nx\r\n"),
        "RMSG": closes(b"RMSG a b 1\r\nx\r\n"),
        "LMSG": closes(b"LMSG a 1\r\nx\r\n"),
        "A+": closes(b"A+ x\r\n"),
        "RS+": closes(b"RS+ $G x\r\n"),
        "LS+": closes(b"LS+ x\r\n"),
        "unknown operation": closes(b"FOO bar\r\n"),
        "empty line": closes(b"\r\n"),
        "what came before counts": closes(b"SUB b 1\r\nPUB b 1\r\nx\r\nPING\r\nFOO\r\nPING\r\n"),
        "what came before counts, half a verb": closes(b"PING\r\nPING\r\nPUX"),
        "two errors": closes(b"SUB a..b 1\r\nFOO"),
        "pieces of verbs": [
            connect(),
            *apart(b"S", b"U", b"B", b" p 1\r\nPU", b"B p 1\r\nx\r", b"\nH", b"PUB p 1 1\r\ny\r\n"),
            *apart(b"PI", b"NG\r", b"\nPO", b"NG", b"\r\n+", b"OK\r\nUN", b"SUB", b" 1\r\n"),
            say(b"", pongs=2),
        ],
        "pieces, then a wrong one": [connect(), *apart(b"P", b"U"), last(b"X")],
        "pieces, then a wrong one behind the verb": [connect(), *apart(b"SU", b"B"), last(b"\r\n")],
    }
}
