"""Bodies in an encoding that their receiver accepts (ADR-41 and the services of servers)."""

import zlib

from headwater.wire import headers, snappy_frames

ACCEPT = b"Accept-Encoding"
_CONTENT = b"Content-Encoding"
_GZIP_FORMAT = 31  # of zlib's window: the largest one, with gzip's head and tail


def encoded(body: bytes, accepted: bytes) -> tuple[bytes, bytes]:
    """Return a header block and the body in an encoding that ``accepted``, a header's value, names.

    Without such a value there is no header block, and the body stays as it is.  Whatever contains
    the name of an encoding names it, as for nats-server.
    """
    if not accepted:
        return b"", body
    names = accepted.lower()
    if b"snappy" in names or b"s2" in names:
        return _block(b"snappy"), snappy_frames.frame(body)
    if b"gzip" in names:
        packer = zlib.compressobj(wbits=_GZIP_FORMAT)
        return _block(b"gzip"), packer.compress(body) + packer.flush()
    return _block(b"identity"), body


def _block(name: bytes) -> bytes:
    return headers.block(((_CONTENT, name),))
