"""The node process, with small programs in its place."""

import sys

import pytest

from headwater.config.load import from_text
from headwater.edge.errors import EdgeError
from headwater.edge.node import (
    COMMAND_VARIABLE,
    ChildNode,
    NodeSettings,
    Uplink,
    config_text,
    free_port,
)
from tests.support.wait import wait_until

WAITS = [sys.executable, "-c", "import signal, sys; signal.pause()", "{config}"]
FAILS = [sys.executable, "-c", "import sys; print('no such luck'); sys.exit(3)", "{config}"]


@pytest.fixture
def node(tmp_path):
    """A function that starts a node by a command."""
    started = []

    def start(command, **settings):
        child = ChildNode(NodeSettings("n1", tmp_path / "store", **settings), command)
        child.start()
        started.append(child)
        return child

    yield start
    for child in started:
        child.stop()


def test_a_node_that_dies_is_restarted(node):
    child = node(WAITS)
    first = wait_until(lambda: child.pid)
    child.kill()
    second = wait_until(lambda: child.pid if child.pid != first else None)
    assert child.restarts == 1
    assert second != first


def test_a_node_that_fails_is_tried_again_and_what_it_said_is_told(node, caplog):
    child = node(FAILS)
    wait_until(lambda: child.restarts >= 2)
    assert "code 3" in caplog.text
    assert "It said last: no such luck" in caplog.text


def test_stopping_ends_the_node_for_good(node):
    child = node(WAITS)
    wait_until(lambda: child.pid)
    child.stop()
    assert child.pid is None
    assert child.restarts == 0


def test_a_store_in_use_is_refused(node, tmp_path, monkeypatch):
    node(WAITS)
    monkeypatch.setattr("headwater.edge.node._LOCK_WAIT_S", 0.0)
    with pytest.raises(EdgeError, match="another application uses it"):
        ChildNode(NodeSettings("n1", tmp_path / "store"), WAITS).start()


def test_a_store_is_free_again_after_a_stop(node):
    node(WAITS).stop()
    child = node(WAITS)
    assert wait_until(lambda: child.pid)


def test_the_configuration_is_for_its_owner_only(node, tmp_path):
    child = node(WAITS, uplink=Uplink("nats-leaf://hub:7422", "edge", "s3cret"))
    wait_until(lambda: child.pid)
    path = tmp_path / "store" / "node.conf"
    assert path.stat().st_mode & 0o077 == 0
    assert "nats-leaf://edge:s3cret@hub:7422" in path.read_text()


def test_the_configuration_means_what_it_should(tmp_path):
    uplink = Uplink(("nats-leaf://one:7422", "nats-leaf://two:7423"), "u", "p")
    options = from_text(config_text(NodeSettings("line-3", tmp_path, uplink), 4333), {})
    assert (options.host, options.port, options.server_name) == ("127.0.0.1", 4333, "line-3")
    assert options.jetstream is not None
    assert options.jetstream.domain == "line-3"
    assert options.jetstream.sync_always
    [remote] = options.leafnodes.remotes
    assert [(url.host, url.port, url.user) for url in remote.urls] == [
        ("one", 7422, "u"),
        ("two", 7423, "u"),
    ]


def test_a_node_without_an_uplink_links_to_nobody(tmp_path):
    options = from_text(config_text(NodeSettings("n", tmp_path), 1), {})
    assert options.leafnodes.remotes == ()


def test_the_password_is_in_no_repr():
    assert "s3cret" not in repr(Uplink("nats-leaf://hub", "edge", "s3cret"))


def test_a_user_in_the_url_stands():
    assert Uplink("nats-leaf://a:b@hub", "c", "d").remotes() == ["nats-leaf://a:b@hub"]


def test_addresses_without_a_scheme_are_refused():
    with pytest.raises(EdgeError, match="nats-leaf://host:port"):
        Uplink("hub:7422", "u", "p").remotes()


def test_the_command_may_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv(COMMAND_VARIABLE, "other-server --config '{config}'")
    child = ChildNode(NodeSettings("n", tmp_path))
    assert child.command == ["other-server", "--config", "{config}"]


def test_the_default_is_this_packages_server(monkeypatch, tmp_path):
    monkeypatch.delenv(COMMAND_VARIABLE, raising=False)
    child = ChildNode(NodeSettings("n", tmp_path))
    assert child.command == [sys.executable, "-m", "headwater", "server", "-c", "{config}"]


def test_a_command_without_a_place_for_the_configuration_is_refused(tmp_path):
    with pytest.raises(EdgeError, match=r"\{config\}"):
        ChildNode(NodeSettings("n", tmp_path), "nats-server -js")


def test_free_ports_are_free():
    assert 1024 < free_port() < 65536


def test_names_and_passwords_of_any_kind_arrive(tmp_path):
    uplink = Uplink("nats-leaf://hub:7422", "edge@line", "a/b:c#ü")
    settings = NodeSettings("n", tmp_path / 'Gerät "3"', uplink)
    options = from_text(config_text(settings, 1), {})
    [remote] = options.leafnodes.remotes
    assert (remote.urls[0].user, remote.urls[0].password) == ("edge@line", "a/b:c#ü")
    assert options.jetstream is not None
    assert options.jetstream.store_dir == str(tmp_path / 'Gerät "3"' / "jetstream")


def test_a_configuration_that_cannot_be_written_is_tried_again(node, tmp_path, caplog):
    (tmp_path / "store" / "node.new").mkdir(parents=True)
    child = node(WAITS)
    wait_until(lambda: "cannot be started" in caplog.text)
    assert child.pid is None
    (tmp_path / "store" / "node.new").rmdir()
    wait_until(lambda: child.pid)
