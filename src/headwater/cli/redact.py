"""Secrets of the command line, taken out of what the system shows of this process.

Everybody on the machine may read the words that a process was started with.  Linux lets a process
write over its own; elsewhere, or where that is forbidden, they stay, as with nats-server.
"""

from pathlib import Path

_SECRET_FLAGS = frozenset([b"pass", b"auth"])
_PROCESS = Path("/proc/self")
# In the line of /proc/PID/stat, counted from what follows the name of the program.
_ARGUMENTS_START, _ARGUMENTS_END = 45, 46


def redact_command_line() -> bool:
    """Write over the secrets among this process's arguments; tell whether there were any."""
    try:
        fields = (_PROCESS / "stat").read_bytes().rpartition(b")")[2].split()
        start, end = int(fields[_ARGUMENTS_START]), int(fields[_ARGUMENTS_END])
        with (_PROCESS / "mem").open("r+b", buffering=0) as memory:
            memory.seek(start)
            shown = memory.read(end - start)
            hidden = redacted(shown)
            if hidden == shown:
                return False
            memory.seek(start)
            memory.write(hidden)
    except (OSError, ValueError, IndexError, OverflowError):
        return False
    return True


def redacted(arguments: bytes) -> bytes:
    """Return words that each end in a NUL, with every secret as so many x."""
    words = arguments.split(b"\0")
    secret = False
    for index, word in enumerate(words):
        if secret:
            words[index] = b"x" * len(word)
            secret = False
        elif word.startswith(b"-"):
            flag, equals, value = word.partition(b"=")
            if flag.lstrip(b"-") in _SECRET_FLAGS:
                words[index] = flag + equals + b"x" * len(value)
                secret = not equals
    return b"\0".join(words)
