"""The endpoints that answer with JSON: what can be asked of each, and the function that answers.

The same functions serve requests by way of NATS, whose body is the JSON of the options.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from headwater.monitor.about import About
from headwater.monitor.accountz import AccountzOptions, AccstatzOptions, accountz, accstatz
from headwater.monitor.connz import ConnzOptions, connz
from headwater.monitor.healthz import HealthzOptions, healthz
from headwater.monitor.jsz import JszOptions, jsz
from headwater.monitor.links import (
    GatewayzOptions,
    LeafzOptions,
    RoutezOptions,
    gatewayz,
    leafz,
    routez,
)
from headwater.monitor.parameters import Parameters
from headwater.monitor.queues import IpqueueszOptions, RaftzOptions, ipqueuesz, raftz
from headwater.monitor.subsz import SubszOptions, subsz
from headwater.monitor.varz import VarzOptions, varz


@dataclass(frozen=True)
class Endpoint:
    """``call(about, options)`` returns the answer, or the Steps that lead to it."""

    options: type[msgspec.Struct]
    from_url: Callable[[Parameters], Any]  # makes options; BadRequestError when it cannot
    call: Callable[[About, Any], Any]


ENDPOINTS: dict[str, Endpoint] = {
    name: Endpoint(options, options.from_url, call)
    for name, options, call in (
        ("varz", VarzOptions, varz),
        ("connz", ConnzOptions, connz),
        ("routez", RoutezOptions, routez),
        ("gatewayz", GatewayzOptions, gatewayz),
        ("leafz", LeafzOptions, leafz),
        ("subsz", SubszOptions, subsz),
        ("accountz", AccountzOptions, accountz),
        ("accstatz", AccstatzOptions, accstatz),
        ("jsz", JszOptions, jsz),
        ("healthz", HealthzOptions, healthz),
        ("ipqueuesz", IpqueueszOptions, ipqueuesz),
        ("raftz", RaftzOptions, raftz),
    )
}
