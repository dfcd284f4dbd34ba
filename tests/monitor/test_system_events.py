"""When the server tells of itself in the system account."""

from tests.monitor.system_node import SystemNode, messages


def test_statistics_come_ever_less_often_up_to_every_ten_seconds() -> None:
    system = SystemNode()
    client = system.client()
    client.say(b"SUB $SYS.SERVER.*.STATSZ 2\r\n")
    for seconds in (0.25, 0.5, 1, 2, 4, 8, 10, 10):
        system.pass_time(seconds - 0.01)
        assert client.take() == b""
        system.pass_time(0.01)
        ((subject, body),) = messages(client.take())
        assert subject == f"$SYS.SERVER.{system.node.server_id}.STATSZ"
        assert body["statsz"]["connections"] == 1


def test_connections_are_told_every_thirty_seconds_where_there_are_any() -> None:
    system = SystemNode()
    client, other = system.client(), system.client("A")
    client.say(b"SUB $SYS.ACCOUNT.*.SERVER.CONNS 2\r\n")
    system.pass_time(29.9)
    assert client.take() == b""
    for _ in range(2):
        system.pass_time(30)
        told = [body["acc"] for _, body in messages(client.take())]
        assert told == ["$SYS", "A"]
    other.leave()
    client.take()
    system.pass_time(30)
    assert [body["acc"] for _, body in messages(client.take())] == ["$SYS"]


def test_both_subjects_get_the_same_event() -> None:
    system = SystemNode()
    client = system.client()
    client.say(b"SUB $SYS.ACCOUNT.A.SERVER.CONNS 2\r\nSUB $SYS.SERVER.ACCOUNT.A.CONNS 3\r\n")
    system.client("A")
    first, second = messages(client.take())
    assert first[0] != second[0]
    assert first[1] == second[1]


def test_nothing_is_published_that_nobody_wants() -> None:
    system = SystemNode()
    system.client()
    published = system.node.next_event()
    system.client("A").leave()
    system.pass_time(60)
    assert system.node.next_event() == published + 1


def test_it_ends_with_the_server() -> None:
    system = SystemNode()
    client = system.client()
    client.say(b"SUB $SYS.> 2\r\n")
    for observer in system.node.observers:
        observer.lame_duck_begins()
        observer.node_stops()
    system.node.router.flush()
    system.system_account.stop()
    server = f"$SYS.SERVER.{system.node.server_id}"
    assert [subject for subject, _ in messages(client.take())] == [
        f"{server}.LAMEDUCK",
        f"{server}.SHUTDOWN",
    ]
    system.pass_time(60)
    assert client.take() == b""
