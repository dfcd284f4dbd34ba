"""Hosts and ports as users see them: in URLs, and in what the system says went wrong there."""

import os

from headwater.net.interfaces import local_addresses

_EVERYWHERE = ("", "0.0.0.0", "::")


def urls(scheme: str, address: tuple[str, int]) -> list[str]:
    """Return the URLs to connect to; of a server that listens everywhere, all of this machine."""
    host, port = address
    hosts = local_addresses() if host in _EVERYWHERE else [host]
    return [f"{scheme}://{f'[{each}]' if ':' in each else each}:{port}" for each in hosts]


def reason(error: OSError) -> str:
    """Return what the system says of an error, in the few words that it has for it."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return error.strerror or str(error) or type(error).__name__
