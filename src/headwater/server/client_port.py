"""The port of the clients: how their connections begin, and what each of them meets."""

import asyncio
from collections.abc import Callable

from headwater.base.clock import SECOND
from headwater.base.link import Receiver
from headwater.broker.client_session import ClientSession
from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.net.listener import Entrance, Network
from headwater.server.addresses import reason
from headwater.server.errors import StartError


class ClientPort:
    """Listens for clients; ``network`` holds the sockets of the node's NATS connections."""

    def __init__(self, node: Node, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare everything but the socket.

        Raises:
            ConfigError: TLS cannot be had as asked for.
        """
        self.address = ("", 0)  # host and port, once it listens
        self.network = Network(loop)
        self._node = node
        self._loop = loop
        self._entrance = Entrance(
            self._client, proxy_protocol=options.proxy_protocol, warn=node.log.warn
        )
        self.prepared(options)()

    def prepared(self, options: Options) -> Callable[[], None]:
        """Return what lets the clients that follow be met as ``options`` say.

        Raises:
            ConfigError: TLS cannot be had as asked for; nothing has changed.
        """
        tls = None
        if options.tls is not None:
            from headwater.server.tls import tls_server  # noqa: PLC0415 (only with TLS)

            tls = tls_server(options.tls, self._loop, optional=options.allow_non_tls)

        def apply() -> None:
            self._entrance.tls = tls
            self._set_patience(options)

        return apply

    def _set_patience(self, options: Options) -> None:
        """Set how long peers may take; as on nats-server, those of links are waited for longer."""
        clients, links = self.network.patience, self.network.dial_patience
        leafnodes = options.leafnodes
        clients.deadline_s = options.write_deadline_ns / SECOND
        clients.retry = options.write_timeout == "retry"
        links.deadline_s = (leafnodes.write_deadline_ns or options.write_deadline_ns) / SECOND
        links.retry = leafnodes.write_timeout != "close"

    async def listen(self, options: Options) -> None:
        """Let clients in.

        Raises:
            StartError: the address cannot be listened on.
        """
        port = max(0, options.port)
        try:
            self.address = await self.network.listen(options.host, port, self._entrance)
        except OSError as error:
            place = f"{options.host}:{port}"
            raise StartError(f'Error listening on port: {place}, "{reason(error)}"') from error
        self._node.port = self.address[1]
        self._node.listening = True
        self._node.log.info(f"Listening for client connections on {options.host}:{self._node.port}")
        self._log_entrance(options)

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        self.network.stop_listening()
        self._node.listening = False

    def _log_entrance(self, options: Options) -> None:
        log = self._node.log
        if self._entrance.proxy_protocol:
            log.info("PROXY protocol enabled for client connections")
        tls = self._entrance.tls
        if tls is None:
            return
        # Who does not begin with a handshake hears nothing then: there is no choice.
        strict = tls.first and not tls.fallback_s
        state = "available" if options.allow_non_tls and not strict else "required"
        log.info(f"TLS {state} for client connections")
        if strict:
            log.warn('Clients that are not using "TLS Handshake First" option will fail to connect')

    def _client(self, address: str, port: int) -> Receiver:
        session = ClientSession(self._node)
        session.address = address
        session.port = port
        return session
