"""The port that operators look in by: the monitoring endpoints over HTTP or HTTPS."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from headwater.base.log import Log
from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.server import Monitor
from headwater.net.listener import Entrance, Network
from headwater.server.addresses import reason
from headwater.server.errors import StartError


class MonitorPort:
    """Listens for HTTP requests about a server."""

    def __init__(self, about: About, loop: asyncio.AbstractEventLoop, log: Log) -> None:
        self.address = ("", 0)  # host and port, once it listens
        self.scheme = "http"
        self._about = about
        self._loop = loop
        self._log = log
        self._network = Network(loop)
        self._network.patience.retry = True
        self._monitor = Monitor(about)
        self._entrance = Entrance(self._monitor.accept)

    async def listen(self, options: Options) -> None:
        """Let operators in.

        Raises:
            StartError: what is asked for contradicts itself, or the address cannot be listened on.
        """
        _check(options)
        host, port = options.http_host, options.http_port
        if options.https_port:
            self.scheme = "https"
            host, port = options.https_host, options.https_port
        self.prepared(options)()
        try:
            self.address = await self._network.listen(host, max(0, port), self._entrance)
        except OSError as error:
            raise StartError(
                f"Can't start monitoring: can't listen to the monitor port: "
                f"{host}:{max(0, port)}: {reason(error)}"
            ) from error
        if self.scheme == "https":
            self._about.https_port = self.address[1]
        else:
            self._about.http_port = self.address[1]
        self._log.info(f"Starting {self.scheme} monitor on {host}:{self.address[1]}")

    def prepared(self, options: Options) -> Callable[[], None]:
        """Return what has those who come from now on meet the certificates of ``options``.

        Raises:
            ConfigError: a file cannot be used; nothing has changed.
        """
        tls = None
        if self.scheme == "https" and options.tls is not None:
            from headwater.server.tls import tls_server  # noqa: PLC0415 (only with TLS)

            # Whoever may reach the port may look, with a certificate or without, as on nats-server.
            tls = tls_server(replace(options.tls, verify=False, first=True), self._loop)

        def apply() -> None:
            self._entrance.tls = tls

        return apply

    def close(self) -> None:
        """Let nobody in any more, and close what is open."""
        self._network.stop_listening()
        self._monitor.close()


def _check(options: Options) -> None:
    if not options.https_port:
        return
    if options.http_port:
        raise StartError(
            f"Can't start monitoring: can't specify both HTTP ({options.http_port}) "
            f"and HTTPs ({options.https_port}) ports"
        )
    if options.tls is None or not options.tls.certificates:
        raise StartError("Can't start monitoring: TLS cert and key required for HTTPS")
