"""TLS of a server's listeners, from its options."""

import asyncio

from headwater.base.clock import SECOND
from headwater.config.options import TlsOptions
from headwater.net.tls import RateLimit, TlsServer
from headwater.net.tls_context import server_context


def tls_server(
    options: TlsOptions, loop: asyncio.AbstractEventLoop, *, optional: bool = False
) -> TlsServer:
    """Return how a listener with ``options`` speaks TLS.

    Raises:
        ConfigError: a file cannot be used.
    """
    return TlsServer(
        server_context(options),
        RateLimit(options.connection_rate_limit, loop.time),
        timeout_s=options.timeout_ns / SECOND,
        optional=optional,
        first=options.first,
        fallback_s=options.first_fallback_ns / SECOND,
    )
