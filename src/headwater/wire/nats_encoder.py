"""The NATS protocol, messages to bytes, straight into a connection's outbound buffer."""

from headwater.base import octets

_SIZES_BYTES = 64  # verb, blanks, line ends and three numbers


def put_message(out, message, sid, with_headers):
    """Append MSG or HMSG for the subscription ``sid``; headers only for who can take them."""
    subject_size = message.subject_end - message.subject_start
    reply_size = message.reply_end - message.reply_start
    body_start = message.body_start
    headers = message.header_size > 0 and with_headers
    if message.header_size > 0 and not with_headers:
        body_start += message.header_size
    body_size = message.body_end - body_start
    out.reserve(subject_size + reply_size + len(sid) + body_size + _SIZES_BYTES)
    at = octets.put_bytes(out.view, out.size, b"HMSG " if headers else b"MSG ")
    at = octets.copy_into(
        out.view, at, message.subject_view, message.subject_start, message.subject_end
    )
    at = octets.put_byte(out.view, at, 32)
    at = octets.put_bytes(out.view, at, sid)
    at = octets.put_byte(out.view, at, 32)
    if reply_size:
        at = octets.copy_into(
            out.view, at, message.reply_view, message.reply_start, message.reply_end
        )
        at = octets.put_byte(out.view, at, 32)
    if headers:
        at = octets.put_decimal(out.view, at, message.header_size)
        at = octets.put_byte(out.view, at, 32)
    at = _put_body(out, at, message, body_start, body_size)
    out.size = at
    return at


def put_routed(out, message, queues, with_headers):
    """Append LMSG or HMSG for a leaf node that is to serve the groups in ``queues``, if any.

    A message whose subject was rewritten goes by the subject that it is routed by, and carries the
    one to show behind an ``@`` in its reply (WIRE: the last hop puts it back).
    """
    body_start = message.body_start
    headers = message.header_size > 0 and with_headers
    if message.header_size > 0 and not with_headers:
        body_start += message.header_size
    body_size = message.body_end - body_start
    shown_size = message.subject_end - message.subject_start
    reply_size = message.reply_end - message.reply_start
    groups = b" ".join(queues) if queues else b""
    out.reserve(
        len(message.subject) + shown_size + reply_size + len(groups) + body_size + _SIZES_BYTES
    )
    at = octets.put_bytes(out.view, out.size, b"HMSG " if headers else b"LMSG ")
    at = octets.put_bytes(out.view, at, message.subject)
    at = octets.put_byte(out.view, at, 32)
    if groups:
        at = octets.put_bytes(out.view, at, b"+ " if reply_size else b"| ")
    if reply_size:
        at = octets.copy_into(
            out.view, at, message.reply_view, message.reply_start, message.reply_end
        )
        if message.rewritten:
            at = octets.put_byte(out.view, at, 64)
            at = octets.copy_into(
                out.view, at, message.subject_view, message.subject_start, message.subject_end
            )
        at = octets.put_byte(out.view, at, 32)
    if groups:
        at = octets.put_bytes(out.view, at, groups)
        at = octets.put_byte(out.view, at, 32)
    if headers:
        at = octets.put_decimal(out.view, at, message.header_size)
        at = octets.put_byte(out.view, at, 32)
    out.size = _put_body(out, at, message, body_start, body_size)


def _put_body(out, at, message, body_start, body_size):
    at = octets.put_decimal(out.view, at, body_size)
    at = octets.put_u16(out.view, at, 0x0A0D)
    at = octets.copy_into(out.view, at, message.body_view, body_start, body_start + body_size)
    return octets.put_u16(out.view, at, 0x0A0D)
