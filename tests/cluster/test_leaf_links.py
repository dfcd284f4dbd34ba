"""The supervisor of leaf links: when it dials, where to, and what it tells."""

import pytest

from headwater.base.clock import SECOND
from headwater.cluster.leaf_links import ErrorReports, delay_after
from headwater.config.options import LeafNodes, LeafRemote, LeafUrl
from tests.cluster.fakes import URL, World, feed, info_line

FIRST = LeafUrl("one", 7422, "u", "p")
SECOND_URL = LeafUrl("two", 7423, "v", "q")


def test_a_link_from_start_to_stop():
    world = World(start=False)
    assert world.status()["state"] == "stopped"
    world.links.start()
    world.links.start()
    assert world.dialled == [("hub.example", 7422)]
    assert world.status()["state"] == "connecting"
    world.shake_hands(domain="hub")
    status = world.status()
    assert (status["state"], status["connected"], status["connects"]) == ("connected", True, 1)
    assert (status["hub_name"], status["hub_id"], status["hub_domain"]) == ("HUB", "NHUB", "hub")
    assert status["since_ns"] == world.clock.now()
    world.links.stop()
    assert world.link.closing
    assert world.status()["state"] == "stopped"
    world.link.end()
    world.advance(60 * SECOND)
    assert len(world.dialled) == 1


def test_stopping_while_waiting():
    world = World(start=False)
    world.refuses = "refused"
    world.links.start()
    world.links.stop()
    world.advance(60 * SECOND)
    assert len(world.dialled) == 1


def test_dialling_goes_on_for_ever_with_some_jitter():
    world = World(start=False)
    world.refuses = "[Errno 111] refused"
    world.links.start()
    moments = []
    for _ in range(50):
        status = world.status()
        assert status["state"] == "waiting"
        assert status["last_error"] == "[Errno 111] refused"
        moments.append(status["retry_ns"])
        world.advance(status["retry_ns"] - 1)
        assert len(world.dialled) == len(moments)
        world.advance(1)
    assert len(world.dialled) == 51
    assert all(SECOND <= moment < 2 * SECOND for moment in moments)
    assert len(set(moments)) > 40
    world.refuses = None
    world.advance(2 * SECOND)
    world.shake_hands()
    assert world.status()["failures"] == 0
    assert world.status()["last_error"] == ""


def attempts_told(world: World, failures: int) -> list[int]:
    """Return the numbers of the failures that are told, until there have been so many."""
    world.refuses = "refused"
    told = len(world.errors())
    while world.status()["failures"] < failures:
        world.advance(SECOND)
    texts = world.errors()[told:]
    assert all('remote server "hub.example:7422"' in text for text in texts)
    return [int(text.split("(attempt ")[1].removesuffix("): refused")) for text in texts]


@pytest.mark.parametrize(
    ("reports", "never_reached", "lost"),
    [
        (ErrorReports(), [1], [1, 2, 3, 4, 5, 6, 7]),
        (ErrorReports(3, 2), [1, 3, 6], [1, 2, 4, 6]),
        (ErrorReports(1, 100), [1, 2, 3, 4, 5, 6, 7], [1]),
        (ErrorReports(0, 0), [1], [1, 2, 3, 4, 5, 6, 7]),
        (ErrorReports(-1, -2), [1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 6]),
    ],
)
def test_how_many_failures_are_told(reports, never_reached, lost):
    world = World(start=False, reports=reports)
    world.refuses = "refused"
    world.links.start()
    assert attempts_told(world, 1) == []  # told already
    assert [1, *attempts_told(world, 7)] == never_reached
    world.refuses = None
    while world.status()["state"] != "connecting":
        world.advance(SECOND // 10)
    world.shake_hands()
    world.refuses = "refused"
    world.link.end("reset by peer")
    assert attempts_told(world, 7) == lost


def test_a_lost_link_is_made_again_after_a_second():
    world = World()
    world.shake_hands()
    world.link.end("reset by peer")
    assert world.status()["state"] == "waiting"
    assert world.status()["retry_ns"] == SECOND
    assert (
        "INF",
        "hub.example:7422 - lid:1 - Leafnode connection closed: Read Error - Remote: HUB",
    ) in world.logged
    world.advance(SECOND)
    world.shake_hands()
    assert world.status()["connects"] == 2
    assert world.session.id == 2


def test_refused_credentials():
    world = World()
    world.greet()
    world.says(b"-ERR 'Authorization Violation'\r\n")
    assert not world.link.closing
    world.link.end()
    (error,) = world.errors()
    assert "hub.example:7422" in error
    assert 'Authorization Violation (the hub refuses user "lf"' in error
    assert world.status()["connected"] is False
    assert world.status()["retry_ns"] < 2 * SECOND
    world.advance(2 * SECOND)
    world.shake_hands()
    assert world.status()["connected"] is True


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (LeafUrl("h", 1, "s3cret"), "the credentials"),
        (LeafUrl("h", 1), "a link without credentials"),
        (LeafUrl("h", 1, "me", "s3cret"), 'user "me"'),
    ],
)
def test_no_secret_is_ever_shown(url, words):
    world = World(LeafRemote(urls=(url,)))
    connect = world.greet()
    world.says(b"-ERR 'Authorization Violation'\r\n")
    world.link.end()
    assert words in world.errors()[0]
    told = repr(world.logged) + repr(world.links.status()) + repr(world.session.remote)
    if url.password:
        assert "s3cret" not in told
        assert connect["pass"] == "s3cret"
    else:
        assert "s3cret" not in repr(world.logged) + repr(world.links.status())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('Loop detected for leafnode account="A". Delaying attempt to reconnect for 30s', 30),
        ("remote leafnode has same cluster name", 30),
        ('Permissions Violation for Publish to "x"', 30),
        ('connection rejected since minimum version required is "9.0"', 5),
        ("Authorization Violation", 0),
        ("", 0),
    ],
)
def test_some_errors_mean_to_stay_away_for_longer(text, seconds):
    assert delay_after(text) == seconds * SECOND
    world = World()
    world.greet()
    world.says(b"-ERR '" + text.encode() + b"'\r\n")
    world.link.end()
    assert world.status()["retry_ns"] >= seconds * SECOND
    world = World()
    world.shake_hands()
    world.says(b"-ERR '" + text.encode() + b"'\r\n")
    world.link.end()
    assert world.status()["retry_ns"] == max(1, seconds) * SECOND


def test_urls_are_tried_in_turn():
    remote = LeafRemote(urls=(FIRST, SECOND_URL), no_randomize=True)
    world = World(remote, start=False)
    world.refuses = "refused"
    world.links.start()
    world.advance(10 * SECOND)
    assert world.dialled[:4] == [("one", 7422), ("two", 7423)] * 2


def test_the_order_is_random_unless_told_otherwise():
    urls = tuple(LeafUrl(f"h{n}", 1) for n in range(8))
    firsts = {World(LeafRemote(urls=urls), seed=seed).dialled[0] for seed in range(20)}
    assert len(firsts) > 3
    for seed in range(5):
        world = World(LeafRemote(urls=urls, no_randomize=True), seed=seed)
        assert world.dialled == [("h0", 1)]


def test_each_url_has_its_credentials():
    world = World(LeafRemote(urls=(FIRST, SECOND_URL), no_randomize=True))
    assert world.greet()["user"] == "u"
    world.link.end()
    world.advance(2 * SECOND)
    assert world.greet()["user"] == "v"


def test_addresses_that_the_hub_names():
    world = World(LeafRemote(urls=(FIRST,)))
    named = ["one:7422", "three:1", "[::1]:2", "bad", "x:", ":5", "y:0", "z:70000", "a b:1", "w:٣"]
    world.shake_hands(leafnode_urls=named)
    assert world.status()["urls"] == ["one:7422", "three:1", "[::1]:2"]
    world.refuses = "refused"
    world.link.end()
    world.advance(10 * SECOND)
    assert world.dialled[1:4] == [("one", 7422), ("three", 1), ("::1", 2)]
    world.refuses = None
    while len(world.connections) < 2:
        world.advance(SECOND // 10)
    assert world.greet()["pass"] == "p", "with the credentials of the configured address"


def test_later_news_replace_the_addresses():
    world = World(LeafRemote(urls=(FIRST,)))
    world.shake_hands(leafnode_urls=["three:1"])
    world.says(info_line(leafnode_urls=["four:1"]))
    assert world.status()["urls"] == ["one:7422", "four:1"]
    world.says(info_line(leafnode_urls=None))
    assert world.status()["urls"] == ["one:7422", "four:1"]
    world.says(info_line(leafnode_urls=[f"h{n}:1" for n in range(5000)]))
    assert len(world.status()["urls"]) < 300


def test_a_shutdown_of_the_hub_is_told():
    world = World()
    world.shake_hands()
    world.says(info_line(ldm=True))
    assert any("lame duck" in text for _, text in world.logged)


def test_an_answer_to_a_dial_that_is_no_longer_wanted():
    world = World(start=False)
    world.holds = True
    world.links.start()
    _, done = world.pending.pop()
    world.links.stop()
    done("too late")
    assert world.status()["state"] == "stopped"
    assert world.errors() == []


def test_accounts_and_their_marks_of_loops():
    remotes = (
        LeafRemote(urls=(URL,)),
        LeafRemote(urls=(FIRST,), account="$G"),
        LeafRemote(urls=(SECOND_URL,), account="A"),
    )
    world = World(*remotes)
    marks = []
    for link in world.connections:
        feed(link.receiver, info_line() + info_line(connect_info=True))
        marks.append(link.receiver.loop_subject)
    assert marks[0] == marks[1] != marks[2]
    assert all(mark.startswith(b"$LDS.") and len(mark) == 27 for mark in marks)
    assert [status["account"] for status in world.links.status()] == ["$G", "$G", "A"]
    assert world.connections[2].receiver.account is world.node.accounts.get(b"A")


def test_a_node_without_remotes():
    world = World(start=False)
    world.links.links.clear()
    world.links.start()
    assert world.links.status() == []
    world.links.stop()


def test_other_remotes_while_it_runs():
    kept, gone = LeafRemote((FIRST,)), LeafRemote((SECOND_URL,))
    added = LeafRemote((LeafUrl("three", 7424),), account="A")
    world = World(kept, gone)
    world.holds = True
    link = world.links.links[0]
    closed = world.links.update(LeafNodes((added, kept)), ErrorReports(9, 9))
    assert closed == ['LeafNode Remote urls=["nats://two:7423"], account="$G" removed']
    assert [status["remote"] for status in world.links.status()] == ["three:7424", "one:7422"]
    assert world.links.links[1] is link
    assert link.reports == ErrorReports(9, 9)
    assert world.dialled == [("one", 7422), ("two", 7423), ("three", 7424)]
    assert world.connections[1].closing
    assert not world.connections[0].closing


def test_a_remote_with_another_password_is_dialled_anew():
    world = World(LeafRemote((FIRST,)))
    other = LeafRemote((LeafUrl("one", 7422, "u", "q"),))
    (text,) = world.links.update(LeafNodes((other,)), ErrorReports())
    assert text == 'LeafNode Remote urls=["nats://one:7422"], account="$G" removed'
    assert world.links.update(LeafNodes((other,)), ErrorReports()) == []
    assert len(world.dialled) == 2
