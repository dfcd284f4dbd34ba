"""The slow way to stop, with a clock that stands still."""

from headwater.base.clock import SECOND
from headwater.server.lame_duck import LameDuck
from tests.broker.fakes import Client, new_node


def test_clients_have_their_grace_and_are_then_closed_one_by_one() -> None:
    node = new_node()
    clients = [Client(node) for _ in range(4)]
    finished: list[bool] = []
    duck = LameDuck(
        node,
        node.timers,
        duration_ns=50 * SECOND,
        grace_ns=10 * SECOND,
        finished=lambda: finished.append(True),
    )
    duck.start()

    def closed_after(duration_ns: int) -> int:
        for _ in range(duration_ns // (SECOND // 10)):
            node.clock.advance(SECOND // 10)
            node.timers.run_due()
            for client in clients:
                if client.link.closed and client.session.id in node.sessions:
                    client.leave()
        return sum(client.link.closed for client in clients)

    assert closed_after(9 * SECOND) == 0
    assert closed_after(2 * SECOND) == 1
    assert closed_after(10 * SECOND) == 2
    assert not finished
    assert closed_after(31 * SECOND) == 4
    assert finished


def test_nobody_is_waited_for() -> None:
    node = new_node()
    finished: list[bool] = []
    duck = LameDuck(
        node,
        node.timers,
        duration_ns=60 * SECOND,
        grace_ns=59 * SECOND,
        finished=lambda: finished.append(True),
    )
    duck.start()
    assert finished
