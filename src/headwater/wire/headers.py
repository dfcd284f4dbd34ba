"""NATS header blocks: ``NATS/1.0 [status text]``, then ``Name: value`` lines, then an empty one.

Blocks are passed through untouched; what the server reads of them it reads in place.
"""

from headwater.base import octets

LINE = b"NATS/1.0\r\n"


def find_value(view, start, end, name):
    """Return the value of the first header ``name`` in a block, or None when there is none.

    Names are compared as they stand, as nats-server compares the ones that it looks for.
    """
    size = len(name)
    at = octets.find(view, 10, start, end) + 1
    while 0 < at < end:
        line_end = octets.find(view, 10, at, end)
        if line_end < 0:
            line_end = end
        if (
            line_end - at > size
            and view[at + size] == 58
            and octets.equals(view, at, at + size, name)
        ):
            # Leading spaces do not belong to the value; tabs and trailing blanks do, as there.
            value_start = at + size + 1
            while value_start < line_end and view[value_start] == 32:
                value_start += 1
            value_end = line_end
            if value_end > value_start and view[value_end - 1] == 13:
                value_end -= 1
            return octets.slice_bytes(view, value_start, value_end)
        at = line_end + 1
    return None


def value_of(block, name):
    """Return the value of the first header ``name`` of a whole block, None when there is none."""
    return find_value(memoryview(block), 0, len(block), name)


def mentions(view, start, end, text):
    """Tell whether ``text`` occurs anywhere in a block: a cheap test before ``find_value``."""
    first = text[0]
    size = len(text)
    at = octets.find(view, first, start, end)
    while at >= 0:
        if at + size <= end and octets.equals(view, at, at + size, text):
            return True
        at = octets.find(view, first, at + 1, end)
    return False


def fields_of(block):
    """Return the fields of a whole block, name to values, up to the first line that is none.

    Values are without the blanks around them; empty ones do not count, nor do those without a name.
    """
    fields: dict[bytes, list[bytes]] = {}
    first, *lines = block.split(b"\r\n")
    if first != b"NATS/1.0" or not lines:
        return fields
    for line in lines[: len(lines) - 1]:  # what is behind the last line end is not a line
        name, colon, value = line.partition(b":")
        if not colon:
            break
        value = value.strip(b" \t")
        if name and value:
            fields.setdefault(name, []).append(value)
    return fields


def replaced(block, name, value):
    """Return a block with one field ``name``, its last, in place of all that it had."""
    lines = block.removesuffix(b"\r\n").removesuffix(b"\r\n").split(b"\r\n")
    kept = [line for line in lines if not line.startswith(name + b":")]
    return b"\r\n".join([*kept, b"%s: %s" % (name, value), b"", b""])


def without(block, beginnings):
    """Return a block without the fields whose names begin like one of ``beginnings``."""
    if not block:
        return block
    lines = block.removesuffix(b"\r\n").split(b"\r\n")
    return b"\r\n".join([line for line in lines if not line.startswith(beginnings)]) + b"\r\n"


def extended(block, fields):
    """Return a block, which may be empty, with further ``(name, value)`` fields at its end."""
    head = block.removesuffix(b"\r\n") if block else LINE
    return head + b"".join([b"%s: %s\r\n" % field for field in fields]) + b"\r\n"


def status_block(code, text, fields=()):
    """Return the header block of a status message, with further ``(name, value)`` fields."""
    lines = [b"NATS/1.0 %d %s\r\n" % (code, text) if text else b"NATS/1.0 %d\r\n" % code]
    lines += [b"%s: %s\r\n" % field for field in fields]
    lines.append(b"\r\n")
    return b"".join(lines)


def block(fields):
    """Return the header block of ``(name, value)`` fields."""
    return LINE + b"".join([b"%s: %s\r\n" % field for field in fields]) + b"\r\n"
