"""Subjects and groups that are kept for servers (P055)."""

from tests.server.duel import Difference, Script, connect, say, stays

_SUBJECTS = (
    *(b"$GR.x", b"_GR_.x", b"$NRG.x", b"$GR", b"_GR_", b"$NRG", b"$GRx", b"$gr.x", b"_gr_.x"),
    *(b"$JS.ACK.a", b"_R_.x", b"$JS.FC.a", b"$JSC.x", b"$SYS.x", b"$SYS", b"$G.x", b"$LDS.x"),
    *(b"_INBOX.x", b"$KV.x", b"$O.x", b"$MQTT.x", b"$GW.x", b"$$", b"_", b"$", b"$SRV.STATS"),
    *(b"$JS.EVENT.x", b"_R_x", b"_GR_x.y", b"$GR.*", b"_GR_.>"),
)
_REPLIES = (
    *(b"_R_.abc", b"$JS.ACK.a.b.1", b"_GR_.abc", b"$GR.a", b"$NRG.a", b"_R_", b"_INBOX.1"),
    *(b"$JS.API", b"$JS.ACK", b"$JS.ACKx", b"_R_x", b"_r_.x", b"$SYS.x"),
    *(b"_GR_", b"$GRx", b"$JSC.a", b"$JS.FC.a", b"_R_.*", b"$js.ack.a"),
)
_GROUPS = (b"_sys_", b"_sys_x", b"_SYS_", b"sys", b"_sys_ ", b"$SYS")


def _publish(subject: bytes) -> bytes:
    return b"SUB > 1\r\nPUB %s 1\r\nx\r\nHPUB %s 1 1\r\ny\r\n" % (subject, subject)


def _ask(reply: bytes) -> bytes:
    return b"SUB t 1\r\nPUB t %s 1\r\nx\r\nPUB nobody %s 1\r\ny\r\n" % (reply, reply)


SCRIPTS: dict[str, dict[str, Script]] = {
    "": {
        **{f"publish to {s.decode()}": stays(_publish(s)) for s in _SUBJECTS},
        **{f"reply of {s.decode()}": stays(_ask(s), no_responders=False) for s in _REPLIES},
        **{f"group {g.decode()!r}": stays(b"SUB r %s 1\r\nPUB r 1\r\nx\r\n" % g) for g in _GROUPS},
        **{
            f"subscribe to {s.decode()}": stays(b"SUB %s 1\r\nPUB %s 0\r\n\r\n" % (s, s))
            for s in (b"$GR.x", b"_GR_.>", b"$NRG.>", b"$JS.ACK.>", b"_R_.>", b"$SYS.>", b"$SYS")
        },
        "prefix alone": Difference(
            [connect(), say(b"SUB > 1\r\nPUB $GR. $JS.ACK. 0\r\n\r\nPUB a _GR_. 0\r\n\r\n")],
            b"PONG\r\n-ERR 'Permissions Violation for Publish to \"$GR.\"'\r\n"
            b"-ERR 'Permissions Violation for Publish with Reply of \"_GR_.\"'\r\nPONG\r\n",
            "no server uses a subject that ends with a point, so that nobody misses it",
        ),
        "publish, verbose": stays(_publish(b"_GR_.x"), verbose=True),
        "reply, verbose": stays(_ask(b"_R_.x"), verbose=True, no_responders=False),
        "group, verbose": stays(b"SUB a _sys_ 1\r\nSUB a g 1\r\n", verbose=True),
        "publish, pedantic": stays(b"PUB $GR.* 0\r\n\r\nPUB _GR_..x 0\r\n\r\n", pedantic=True),
        "both": stays(b"PUB $GR.x _R_.y 0\r\n\r\n"),
        "reply and nobody there": stays(b"SUB _R_.x 1\r\nPUB nobody _R_.x 0\r\n\r\n"),
        "wrong subject in the group": stays(b"SUB a..b _sys_ 1\r\n"),
        "group and duplicate sid": stays(b"SUB a 1\r\nSUB b _sys_ 1\r\nPUB a 0\r\n\r\n"),
        "odd bytes in the answer": stays(b"PUB $GR.\xff\x01'\" 0\r\n\r\n"),
        "before CONNECT": [say(b"PUB $GR.x 0\r\n\r\nPUB a _R_.x 0\r\n\r\nSUB a _sys_ 1\r\n")],
        "who listens hears nothing": [
            connect("b"),
            say(b"SUB > 1\r\n", "b"),
            connect(),
            say(b"PUB $GR.x 0\r\n\r\nPUB t _R_.x 0\r\n\r\nPUB end 0\r\n\r\n"),
            say(b"", "b"),
        ],
    },
}
