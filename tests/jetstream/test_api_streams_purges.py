"""Purges that are asked for together, and are committed together."""

import json

from tests.monitor.streams import World


def test_purges_at_once_tell_each_what_it_has_removed():
    world = World()
    world.stream("S")
    for number in range(30):
        world.publish(f"S.{number % 5}", 1)
    world.client.say(b"SUB inbox.* 1\r\n")
    asked = [
        {"filter": "S.1", "keep": 2},
        {"filter": "S.2"},
        {"filter": "S.2"},
        {"seq": 8},
        {},
        {},
    ]
    requests = b""
    for number, body in enumerate(asked):
        data = json.dumps(body).encode()
        requests += b"PUB $JS.API.STREAM.PURGE.S inbox.%d %d\r\n%b\r\n" % (number, len(data), data)
        requests += b"PUB S.new 0\r\n\r\n"
    said = world.client.say(requests)
    world.jobs.run()
    answers = (said + world.client.take()).split(b"\r\n")[1::2]
    assert [json.loads(answer)["purged"] for answer in answers[: len(asked)]] == [4, 6, 0, 4, 20, 1]
