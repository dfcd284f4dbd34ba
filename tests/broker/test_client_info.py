"""What is told of a client."""

from headwater.broker.client_info import client_info
from tests.broker.fakes import Client, new_node


def test_what_a_client_has_said_of_itself() -> None:
    node = new_node()
    client = Client(node, b'CONNECT {"name":"me","lang":"python","version":"1","user":"u"}\r\n')
    assert client_info(client.session) == {
        "start": "2023-11-14T22:13:20Z",
        "host": "127.0.0.1",
        "id": client.session.id,
        "acc": "$G",
        "user": "u",
        "name": "me",
        "lang": "python",
        "ver": "1",
    }


def test_a_client_that_has_said_nothing() -> None:
    told = client_info(Client(new_node(), b"CONNECT {}\r\n").session)
    assert list(told) == ["start", "host", "id", "acc"]
