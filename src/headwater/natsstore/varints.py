"""Numbers of 7 bits a byte, as nats-server writes them: unsigned, and signed."""

from headwater.base.errors import FormatError

_BYTES_MAX = 10
_BITS_64 = (1 << 64) - 1


def put_unsigned(out: bytearray, value: int) -> None:
    """Append a number that is not negative."""
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def put_signed(out: bytearray, value: int) -> None:
    """Append a number that may be negative."""
    put_unsigned(out, (value << 1 ^ value >> 63) & _BITS_64)


def get_unsigned(data: bytes | bytearray | memoryview, at: int) -> tuple[int, int]:
    """Return the number at ``at`` and where it ends; the end is 0 when ``data`` is too short.

    Raises:
        FormatError: it is no number of 64 bits.
    """
    value = 0
    for place, byte in enumerate(data[at : at + _BYTES_MAX]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            if value > _BITS_64:
                break
            return value, at + place + 1
    else:
        if len(data) - at < _BYTES_MAX:
            return 0, 0
    raise FormatError("a number has more than 64 bits")


def signed(value: int) -> int:
    """Return the signed number that an unsigned one stands for."""
    return value >> 1 ^ -(value & 1)


class NumberReader:
    """Reads numbers one after the other from data that are all there."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def unsigned(self) -> int:
        """Read a number.

        Raises:
            FormatError: the data end within it.
        """
        value, end = get_unsigned(self.data, self.at)
        if not end:
            raise FormatError("the data end within a number")
        self.at = end
        return value

    def signed(self) -> int:
        """Read a number that may be negative.

        Raises:
            FormatError: the data end within it.
        """
        return signed(self.unsigned())
