"""Reading DER, the encoding of certificates (X.690)."""


def element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag of the element at an offset, and where its contents begin and end.

    Raises:
        IndexError: it ends too early.
    """
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > len(data):
        raise IndexError("it ends too early")
    return tag, at, at + size
