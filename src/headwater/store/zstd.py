"""Compression of what goes to the disk: Zstandard, with a bound on what comes back.

Imported only once a stream asks for it.
"""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Of its levels the fastest that gains most of what there is to gain: see docs/store-format.md.
_LEVEL = 1
# What a decompressor may keep to look back at: whatever this file writes needs less.
_WINDOW_BITS_MAX = 23
_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): _WINDOW_BITS_MAX}
_IDLE_MAX = 4

# Making one costs more than a small batch; threads take one each and bring it back.
_idle: list[zstd.ZstdCompressor] = []


def compress(data: memoryview) -> bytes:
    """Return ``data`` in a frame of Zstandard."""
    try:
        compressor = _idle.pop()
    except IndexError:
        compressor = zstd.ZstdCompressor(level=_LEVEL)
    packed = compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
    if len(_idle) < _IDLE_MAX:
        _idle.append(compressor)
    return packed


def decompress(data: bytes | memoryview, size: int) -> bytes | None:
    """Return the ``size`` bytes in a frame; None if there are not exactly so many in it."""
    decompressor = zstd.ZstdDecompressor(options=_OPTIONS)
    try:
        content = decompressor.decompress(data, max_length=size)
        if len(content) == size and not decompressor.eof:
            content += decompressor.decompress(b"", max_length=1)
    except zstd.ZstdError:
        return None
    if len(content) != size or not decompressor.eof or decompressor.unused_data:
        return None
    return content
