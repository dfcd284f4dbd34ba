"""``/leafz``, ``/routez`` and ``/gatewayz``."""

import msgspec

from headwater.config.options import LeafNodes, LeafRemote, LeafUrl, Options
from headwater.monitor.links import GatewayzOptions, LeafzOptions, RoutezOptions
from tests.broker.fakes import new_node
from tests.cluster.fakes import World
from tests.monitor.asking import page, refusal

REMOTE = LeafRemote(urls=(LeafUrl("hub.example", 7422, "user", "s3cret"),))
OPTIONS = Options(leafnodes=LeafNodes(remotes=(REMOTE,)))


def test_without_links() -> None:
    node = new_node()
    names = {"server_id": node.server_id, "now": "2023-11-14T22:13:20Z"}
    assert page(node, "/leafz?subs=1") == {**names, "leafnodes": 0, "leafs": []}
    routez = page(node, "/routez?subs=detail")
    assert routez == {**names, "server_name": node.name, "num_routes": 0, "routes": []}
    assert list(routez) == ["server_id", "server_name", "now", "num_routes", "routes"]
    gateways = {"outbound_gateways": {}, "inbound_gateways": {}}
    assert page(node, "/gatewayz?accs=1&subs=1&gw_name=x") == {**names, **gateways}


def test_a_leaf_link() -> None:
    world = World()
    world.shake_hands()
    world.says(b"LS+ up.* \r\n")
    world.says(b"LMSG down 2\r\nhi\r\n")
    found = page(world.node, "/leafz", OPTIONS)
    assert found["leafnodes"] == 1
    (leaf,) = found["leafs"]
    assert leaf == {
        "id": 1,
        "name": "HUB",
        "is_spoke": True,
        "account": "$G",
        "ip": "hub.example",
        "port": 7422,
        "rtt": "0s",
        "in_msgs": 1,
        "out_msgs": 0,
        "in_bytes": 2,
        "out_bytes": 0,
        "subscriptions": 1,
        "compression": "not supported",
    }
    listed = page(world.node, "/leafz?subs=1", OPTIONS)["leafs"][0]
    assert listed["subscriptions_list"] == ["up.*"]
    assert list(listed)[-2:] == ["subscriptions_list", "compression"]
    assert page(world.node, "/leafz?acc=$G", OPTIONS)["leafnodes"] == 1
    assert page(world.node, "/leafz?acc=A", OPTIONS)["leafnodes"] == 0


def test_a_leaf_link_among_the_connections() -> None:
    world = World()
    world.shake_hands()
    world.says(b"LS+ q g 1\r\n")
    (found,) = page(world.node, "/connz?auth=1&subs=detail")["connections"]
    assert (found["kind"], found["ip"], found["port"]) == ("Leafnode", "hub.example", 7422)
    assert {"type", "name", "account", "authorized_user"}.isdisjoint(found)
    assert found["name_tag"] == "$G"
    assert found["subscriptions_list_detail"] == [
        {"subject": "q", "qgroup": "g", "sid": "q g", "msgs": 0, "cid": 1}
    ]


def test_traffic_of_links_is_counted_apart() -> None:
    world = World()
    world.shake_hands()
    world.says(b"LMSG down 2\r\nhi\r\nLMSG down 3\r\nabc\r\n")

    def received() -> dict:
        return page(world.node, "/accstatz?unused=1")["account_statz"][0]["received"]

    assert (received()["msgs"], received()["leafs"]) == (2, {"msgs": 2, "bytes": 5})
    varz = page(world.node, "/varz", OPTIONS)
    assert (varz["in_msgs"], varz["in_client_msgs"], varz["leafnodes"]) == (2, 0, 1)
    world.link.end("")
    assert (received()["msgs"], received()["leafs"]) == (2, {"msgs": 2, "bytes": 5})


def test_a_link_that_is_closed() -> None:
    world = World()
    world.shake_hands()
    world.link.end("reset by peer")
    (found,) = page(world.node, "/connz?state=closed")["connections"]
    assert (found["cid"], found["kind"], found["reason"]) == (1, "Leafnode", "Read Error")
    assert page(world.node, "/leafz")["leafnodes"] == 0


def test_bad_parameters() -> None:
    for path in ("/leafz?subs=x", "/leafz?subs=detail", "/routez?subs=x", "/gatewayz?subs=x"):
        assert refusal(new_node(), path).startswith("Error decoding boolean for 'subs'")
    assert refusal(new_node(), "/gatewayz?accs=x").startswith("Error decoding boolean for 'accs'")


def test_names_of_requests_by_way_of_nats() -> None:
    decode = msgspec.json.decode
    asked = decode(b'{"subscriptions":true,"account":"A"}', type=LeafzOptions)
    assert asked == LeafzOptions(subscriptions=True, account="A")
    asked = decode(b'{"subscriptions":true,"subscriptions_detail":true}', type=RoutezOptions)
    assert asked == RoutezOptions(subscriptions=True, subscriptions_detail=True)
    body = b'{"name":"n","accounts":true,"account_name":"A"}'
    asked = decode(body, type=GatewayzOptions)
    assert asked == GatewayzOptions(name="n", accounts=True, account_name="A")
