"""``/leafz``, ``/routez`` and ``/gatewayz``: the links to other servers."""

from typing import Any

import msgspec

from headwater.base import gojson
from headwater.broker.session import LEAF_TO_HUB
from headwater.monitor.about import About
from headwater.monitor.formats import duration_text, text
from headwater.monitor.parameters import Parameters


class LeafzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    subscriptions: bool = False
    account: str = ""

    @classmethod
    def from_url(cls, parameters: Parameters) -> "LeafzOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(subscriptions=parameters.boolean("subs"), account=parameters.text("acc"))


class RoutezOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    subscriptions: bool = False
    subscriptions_detail: bool = False

    @classmethod
    def from_url(cls, parameters: Parameters) -> "RoutezOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        listed, detailed = parameters.detail("subs")
        return cls(subscriptions=listed, subscriptions_detail=detailed)


class GatewayzOptions(msgspec.Struct, frozen=True):
    """What is asked for; the names are those of a request by way of NATS."""

    name: str = ""
    accounts: bool = False
    account_name: str = ""
    subscriptions: bool = False
    subscriptions_detail: bool = False

    @classmethod
    def from_url(cls, parameters: Parameters) -> "GatewayzOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        listed, detailed = parameters.detail("subs")
        return cls(
            name=parameters.text("gw_name"),
            accounts=parameters.boolean("accs"),
            account_name=parameters.text("acc_name"),
            subscriptions=listed,
            subscriptions_detail=detailed,
        )


def leafz(about: About, asked: LeafzOptions) -> dict[str, object]:
    """Return the leaf links, those to hubs and those of leaf nodes."""
    node = about.node
    shown = [
        _leaf(session, asked)
        for session in node.leaf_sessions.values()
        if not asked.account or text(session.account.name) == asked.account
    ]
    return {
        "server_id": node.server_id,
        "now": gojson.time_text(node.clock.now()),
        "leafnodes": len(shown),
        "leafs": shown,
    }


def routez(about: About, _asked: RoutezOptions) -> dict[str, object]:
    """Return the routes to servers of the same cluster, of which there are none."""
    node = about.node
    return {
        "server_id": node.server_id,
        "server_name": node.name,
        "now": gojson.time_text(node.clock.now()),
        "num_routes": 0,
        "routes": [],
    }


def gatewayz(about: About, _asked: GatewayzOptions) -> dict[str, object]:
    """Return the gateways to other clusters, of which there are none."""
    node = about.node
    return {
        "server_id": node.server_id,
        "now": gojson.time_text(node.clock.now()),
        "outbound_gateways": {},
        "inbound_gateways": {},
    }


def _leaf(session: Any, asked: LeafzOptions) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": session.id,
        "name": session.peer_name(),
        "is_spoke": session.kind == LEAF_TO_HUB,
        "account": text(session.account.name),
        "ip": session.address,
        "port": session.port,
        "rtt": duration_text(session.rtt_ns),
        "in_msgs": session.in_msgs,
        "out_msgs": session.out_msgs,
        "in_bytes": session.in_bytes,
        "out_bytes": session.out_bytes,
        "subscriptions": len(session.subscriptions),
    }
    if asked.subscriptions and session.subscriptions:
        found = session.subscriptions.values()
        fields["subscriptions_list"] = [text(subscription.subject) for subscription in found]
    return fields | {"compression": "not supported"}
