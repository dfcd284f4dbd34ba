"""HighwayHash with 64 bits, the checksum of nats-server's files.

Four lanes of 64 bits in each of four vectors (v0, v1, and the multipliers m0, m1); a packet of 32
bytes goes into all of them.  Plain integers are masked, C numbers wrap by themselves.
"""

from hashlib import sha256

from headwater.base import octets

PACKET_BYTES = 32
HASH_BYTES = 8
_FINAL_ROUNDS = 4

_START = (
    0xDBE6D5D5FE4CCE2F,
    0xA4093822299F31D0,
    0x13198A2E03707344,
    0x243F6A8885A308D3,
)
_START_OTHER = (
    0x3BD39E10CB0EF593,
    0xC0ACF169B5F18A8C,
    0xBE5466CF34E90C6C,
    0x452821E638D01377,
)

# The same as C numbers (see the .pxd): a literal of this size would be a Python object there.
_all = 0xFFFFFFFFFFFFFFFF
_low = 0xFFFFFFFF
_byte_3 = 0xFF000000
_byte_4 = 0xFF00000000
_byte_5 = 0xFF0000000000
_byte_6 = 0xFF000000000000
_byte_7 = 0xFF00000000000000


class Hasher:
    """Hashes with one key; it can be used again and again."""

    __slots__ = ("_key", "_lanes", "_packet")

    def __init__(self, text):
        """Take the SHA-256 of ``text`` (bytes) as the key."""
        key = sha256(text).digest()
        # 0-3 v0, 4-7 v1, 8-11 m0, 12-15 m1.
        self._lanes = memoryview(bytearray(16 * 8)).cast("Q")
        self._key = memoryview(bytearray(16 * 8)).cast("Q")
        self._packet = memoryview(bytearray(PACKET_BYTES))
        for lane in range(4):
            part = int.from_bytes(key[8 * lane : 8 * lane + 8], "little")
            self._key[lane] = _START[lane] ^ part
            self._key[4 + lane] = _START_OTHER[lane] ^ (part >> 32 | (part & 0xFFFFFFFF) << 32)
            self._key[8 + lane] = _START[lane]
            self._key[12 + lane] = _START_OTHER[lane]

    def digest(self, view, start, end):
        """Return the hash of ``view[start:end]`` as it stands in the files."""
        for lane in range(16):
            self._lanes[lane] = self._key[lane]
        while end - start >= PACKET_BYTES:
            self._take(view, start)
            start += PACKET_BYTES
        if end > start:
            self._take_rest(view, start, end)
        for _ in range(_FINAL_ROUNDS):
            self._permute()
        lanes = self._lanes
        value = lanes[0] + lanes[4] + lanes[8] + lanes[12] & _all
        octets.put_u64(self._packet, 0, value)
        return octets.slice_bytes(self._packet, 0, HASH_BYTES)

    def _take(self, view, at):
        a = octets.get_i64(view, at) & _all
        b = octets.get_i64(view, at + 8) & _all
        c = octets.get_i64(view, at + 16) & _all
        d = octets.get_i64(view, at + 24) & _all
        self._update(a, b, c, d)

    def _take_rest(self, view, start, end):
        """Take the last bytes, fewer than a packet."""
        lanes = self._lanes
        packet = self._packet
        size = end - start
        for lane in range(4):
            lanes[lane] = lanes[lane] + (size << 32) + size & _all
            value = lanes[4 + lane]
            upper = _turn(value >> 32, size)
            lanes[4 + lane] = upper << 32 | _turn(value & _low, size)
        for place in range(PACKET_BYTES):
            packet[place] = 0
        whole = size & 28
        octets.copy_into(packet, 0, view, start, start + whole)
        over = size & 3
        if size & 16:
            octets.copy_into(packet, 28, view, end - 4, end)
        elif over:
            packet[16] = view[start + whole]
            packet[17] = view[start + whole + (over >> 1)]
            packet[18] = view[end - 1]
        self._take(packet, 0)

    def _permute(self):
        lanes = self._lanes
        self._update(
            _swap(lanes[2]),
            _swap(lanes[3]),
            _swap(lanes[0]),
            _swap(lanes[1]),
        )

    def _update(self, a, b, c, d):
        self._lane(0, a)
        self._lane(1, b)
        self._lane(2, c)
        self._lane(3, d)
        self._merge(4, 0)
        self._merge(6, 2)
        self._merge(0, 4)
        self._merge(2, 6)

    def _lane(self, lane, word):
        lanes = self._lanes
        v0 = lanes[lane]
        m0 = lanes[8 + lane]
        m1 = lanes[12 + lane]
        v1 = lanes[4 + lane] + m0 + word & _all
        lanes[8 + lane] = m0 ^ (v1 & _low) * (v0 >> 32)
        v0 = v0 + m1 & _all
        lanes[12 + lane] = m1 ^ (v0 & _low) * (v1 >> 32)
        lanes[lane] = v0
        lanes[4 + lane] = v1

    def _merge(self, source, target):
        """Add the bytes of two neighbouring lanes, shuffled, to two others."""
        lanes = self._lanes
        even = lanes[source]
        odd = lanes[source + 1]
        low = (
            ((even & _byte_3) | (odd & _byte_4)) >> 24
            | ((even & _byte_5) | (odd & _byte_6)) >> 16
            | (even & 0xFF0000)
            | (even & 0xFF00) << 32
            | (odd & _byte_7) >> 8
            | (even & 0xFF) << 56
        )
        high = (
            ((odd & _byte_3) | (even & _byte_4)) >> 24
            | (odd & 0xFF0000)
            | (odd & _byte_5) >> 16
            | (odd & 0xFF00) << 24
            | (even & _byte_6) >> 8
            | (odd & 0xFF) << 48
            | (even & _byte_7)
        )
        lanes[target] = lanes[target] + low & _all
        lanes[target + 1] = lanes[target + 1] + high & _all


def _swap(value):
    """Return a number with its upper and lower half exchanged."""
    return value >> 32 | (value & _low) << 32


def _turn(value, count):
    """Return 32 bits turned left."""
    return (value << count | value >> (32 - count)) & _low
