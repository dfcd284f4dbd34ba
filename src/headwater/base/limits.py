"""Every bound that is not configured, in one place, each with its reason."""

# One loop, one read buffer: large enough that a fast publisher costs few system calls, small
# enough to stay in a second-level cache.
READ_BUFFER_BYTES = 256 * 1024

# nats-server's defaults, which clients and operators know.
CONTROL_LINE_BYTES_MAX = 4096
PAYLOAD_BYTES_MAX = 1024 * 1024
PENDING_BYTES_MAX = 64 * 1024 * 1024
CONNECTIONS_MAX = 65536
CLOSED_CLIENTS_MAX = 10_000
# Control lines of leaf nodes carry subjects of others: WIRE.md 0.2.
SERVER_CONTROL_LINE_FACTOR = 16

# A cached match result costs memory that a publisher of ever new subjects could grow without end.
MATCH_CACHE_SUBJECTS_MAX = 16384

# RFC-like sizes of names: a stream's or consumer's name is part of subjects and of file names.
NAME_BYTES_MAX = 255
# Sequences are signed numbers of 64 bits.  Where a stream may be told to go on leaves room for more
# messages than anybody will ever publish.
SEQUENCE_MAX = (1 << 63) - 1
NEXT_SEQUENCE_MAX = 1 << 62
HEADER_BYTES_MAX = 65535
