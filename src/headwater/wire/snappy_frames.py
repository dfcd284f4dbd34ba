"""The framing format of Snappy, without its compression: chunks that hold the data as it is.

Every reader of Snappy or S2 streams takes them.  What is sent this way is short and rare, so that
compressing it would be more than it is worth.
"""

from headwater.wire import s2_stream


def frame(data: bytes) -> bytes:
    """Return ``data`` as a Snappy stream."""
    return s2_stream.SNAPPY_HEAD + s2_stream.plain_chunks(data)
