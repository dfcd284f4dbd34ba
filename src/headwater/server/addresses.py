"""Hosts and ports as users see them: in URLs, and in what the system says went wrong there."""

import os

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def url(scheme: str, address: tuple[str, int]) -> str:
    """Return a URL to connect to; for a server that listens everywhere, one of this machine."""
    host = _LOOPBACK.get(address[0], address[0])
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{address[1]}"


def reason(error: OSError) -> str:
    """Return what the system says of an error, in the few words that it has for it."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return error.strerror or str(error) or type(error).__name__
