"""What the endpoints tell of: one server, and what only its monitoring knows about it."""

from dataclasses import dataclass, field

from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.certificates import Expiries
from headwater.monitor.process_stats import ProcessorUse


@dataclass
class About:
    """One server; an endpoint is a function of this and of what is asked."""

    node: Node
    options: Options
    http_port: int = 0  # the real ones, once they are known
    https_port: int = 0
    requests: dict[str, int] = field(default_factory=dict)  # HTTP requests by path
    processor: ProcessorUse = field(default_factory=ProcessorUse)
    expiries: Expiries = field(default_factory=Expiries)
    loaded_ns: int = 0  # when the options took effect, wall clock

    def __post_init__(self) -> None:
        self.loaded_ns = self.loaded_ns or self.node.start_ns
        self.http_port = self.http_port or self.options.http_port
        self.https_port = self.https_port or self.options.https_port
