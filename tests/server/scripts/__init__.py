"""What clients say, by topic: every script is sent to the real nats-server and to ours.

A module has ``SCRIPTS``: by the configuration of both servers, then by name.
"""

from tests.server.duel import Script
from tests.server.scripts import (
    connect,
    delivery,
    headers,
    limits,
    lines,
    login,
    no_responders,
    permissions,
    ping,
    pub,
    reserved,
    sub,
    unsub,
    verbose,
    verbs,
)

_TOPICS = (
    connect,
    delivery,
    headers,
    limits,
    lines,
    login,
    no_responders,
    permissions,
    ping,
    pub,
    reserved,
    sub,
    unsub,
    verbose,
    verbs,
)

# By a name of topic and script: the configuration, and the script.
ALL: dict[str, tuple[str, Script]] = {
    f"{topic.__name__.rpartition('.')[2]}: {name}": (configuration, script)
    for topic in _TOPICS
    for configuration, scripts in topic.SCRIPTS.items()
    for name, script in scripts.items()
}
